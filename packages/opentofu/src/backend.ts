import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { TofuError } from "./errors.ts";
import type { RunDir, ToolName } from "./types.ts";

/**
 * Rule 10: overrides merge in the order of their names and the last one wins, so ours begins with the highest code point.
 * OpenTofu lets a `.tofu.json` replace the `.tf.json` of the same name: each tool gets the spelling that nothing replaces.
 */
export function overrideName(tool: ToolName, about: "backend" | "providers" = "backend"): string {
  const name = about === "backend" ? "override" : `${about}_override`;
  return `\u{10FFFF}_${name}.${tool === "opentofu" ? "tofu" : "tf"}.json`;
}

/** The state's path as the backend knows it: relative to the root module, so that it is the same text on every machine. */
export function statePath(modulePath: string): string {
  const depth = modulePath.split("/").filter((part) => part !== "" && part !== ".").length;
  return `${"../".repeat(depth + 1)}io/state.tfstate`;
}

export function overrideText(modulePath: string): string {
  return JSON.stringify({ terraform: { backend: { local: { path: statePath(modulePath) } } } });
}

/**
 * What `init` would write into the data directory for our backend, so that init may be skipped. `hash` is cty's hash of
 * (type, {path, workspace_dir}), a CRC-32 of its set encoding. Both tools compare it with the merged configuration and
 * refuse to plan where a module's own backend won ("Backend initialization required"): a wrong record is never used.
 */
export function backendRecord(modulePath: string): string {
  const path = statePath(modulePath);
  const hash = crc32(`<"local";<"${path}";~;>;>`);
  return JSON.stringify({ version: 3, backend: { type: "local", config: { path, workspace_dir: null }, hash } });
}

/** Refuses a module that ships a file of our override's name, in any spelling that either tool would read. */
export async function refuseOverrideClash(moduleDir: string): Promise<void> {
  for (const name of await readdir(moduleDir)) {
    if (name.startsWith("\u{10FFFF}")) {
      throw new TofuError(
        "backend_override",
        `The module has a file whose name begins with U+10FFFF (${JSON.stringify(name)}). That name is reserved: rename it.`,
      );
    }
  }
}

/** After init: the backend that the tool recorded is ours, type and path. Throws `backend_override` otherwise. */
export async function checkBackend(dir: RunDir, modulePath: string): Promise<void> {
  let backend: { type?: unknown; config?: { path?: unknown } } | undefined;
  try {
    backend = JSON.parse(await readFile(join(dir.data, "terraform.tfstate"), "utf8")).backend;
  } catch {
    throw new TofuError("backend_override", "The tool recorded no backend in its data directory, so the place of the state is not known.");
  }
  if (backend?.type === "local" && backend.config?.path === statePath(modulePath)) return;
  throw new TofuError(
    "backend_override",
    `The module's own backend (${String(backend?.type).slice(0, 40)}) was not replaced by Takosumi's. Remove its \`backend\` block.`,
  );
}
