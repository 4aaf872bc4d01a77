import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readProduced } from "./produced.ts";
import type { ToolDiagnostic } from "./types.ts";

const MOST_FILES = 200;
const MOST_BYTES = 1024 * 1024;

/** Words of a module that needs providers or modules installed: anything but the built-in terraform_data and terraform_remote_state. */
const NEEDS_INIT =
  /\bmodule\s+"|\bprovider\s+"|\brequired_providers\b|\bprovider::|\bkey_provider\b|\b(?:resource|data|ephemeral)\s+"(?!terraform_)|\bto\s*=\s*module\.|\bprovider\s*=/;

/**
 * Whether a plan may be tried at once, without init: nothing but built-in providers. A guess from the text, and safe when
 * wrong: the data directory holds no provider, so none can run, and `initNeeded` then tells that the plan never began.
 */
export async function builtinOnly(moduleDir: string): Promise<boolean> {
  const names = await readdir(moduleDir);
  if (names.length > MOST_FILES || names.includes(".terraform.lock.hcl")) return false;
  for (const name of names) {
    if (/\.(tf|tofu)$/.test(name)) {
      const text = await readProduced(join(moduleDir, name), MOST_BYTES).catch(() => null);
      if (text === null || NEEDS_INIT.test(text.toString("utf8"))) return false;
    } else if (/\.(tf|tofu)\.json$/.test(name) && !name.startsWith("\u{10FFFF}")) return false;
  }
  return true;
}

const SUMMARIES = [
  "Inconsistent dependency lock file",
  "Module not installed",
  "Required plugins are not installed",
  "Backend initialization required",
  "Missing required provider",
  "Provider not available",
];

/** Whether a failed command failed before it began, for want of an init. All of these come before any module code has run. */
export function initNeeded(diagnostics: Pick<ToolDiagnostic, "severity" | "summary">[]): boolean {
  return diagnostics.some(({ severity, summary }) => severity === "error" && SUMMARIES.some((start) => summary.startsWith(start)));
}
