import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { TofuError } from "./errors.ts";
import type { Tool, ToolName } from "./types.ts";

const run = promisify(execFile);
type Probed = Omit<Tool, "origin">;

/** By path, size, inode and both times: a changed binary is a new one, whatever its mtime was set to; an unchanged one costs a stat. */
const known = new Map<string, Promise<Probed>>();
const MOST_KNOWN = 64;

/** Asks a binary what it is and hashes it. Throws `tool_broken` where it is not a tool or does not answer in 20 s. */
export async function probeTool(path: string): Promise<Probed> {
  const real = await realpath(path);
  const info = await stat(real, { bigint: true });
  const key = `${real}:${info.size}:${info.mtimeNs}:${info.ctimeNs}:${info.ino}`;
  const before = known.get(key);
  if (before) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const probed = probe(real);
  known.set(key, probed);
  probed.catch(() => known.delete(key));
  return probed;
}

async function probe(path: string): Promise<Probed> {
  const [answer, digest] = await Promise.all([version(path), digestOf(path)]);
  return { ...answer, path, digest };
}

/** `version`, not `version -json`: both tools call that field `terraform_version`, and only the plain line says which one it is. */
async function version(path: string): Promise<{ name: ToolName; version: string }> {
  let text: string;
  try {
    // /dev/null is a real, empty CLI configuration: a missing file puts a warning before the answer.
    const env = { TF_CLI_CONFIG_FILE: "/dev/null", CHECKPOINT_DISABLE: "1", HOME: "/nonexistent" };
    text = (await run(path, ["version"], { env, cwd: "/", timeout: 20_000, maxBuffer: 1 << 20 })).stdout;
  } catch (cause) {
    throw new TofuError("tool_broken", `${path} does not answer \`version\`: ${(cause as Error).message.slice(0, 300)}`);
  }
  const [, product, found] = /^(OpenTofu|Terraform) v(\S+)/.exec(text) ?? [];
  if (!product || !found)
    throw new TofuError("tool_broken", `${path} is neither OpenTofu nor Terraform: \`version\` says ${JSON.stringify(text.slice(0, 80))}.`);
  return { name: product === "OpenTofu" ? "opentofu" : "terraform", version: found };
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest("hex")}`;
}
