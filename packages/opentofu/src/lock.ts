import { createHash } from "node:crypto";
import { join } from "node:path";
import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { readProduced } from "./produced.ts";

export type LockedProvider = { provider: string; version: string };

const MOST_BYTES = 4 * 1024 * 1024;

/** The module's dependency lock file, empty where it has none. */
export async function readLock(moduleDir: string): Promise<Buffer> {
  return (await readProduced(join(moduleDir, ".terraform.lock.hcl"), MOST_BYTES)) ?? Buffer.alloc(0);
}

/** `sha256:<hex>` of the lock file; of nothing where there is none. */
export function lockDigest(lock: Uint8Array): string {
  return `sha256:${createHash("sha256").update(lock).digest("hex")}`;
}

/** The file is written by the tools themselves in one form: a `provider "host/ns/type" {` line, then `version = "x"`. */
export function lockedProviders(lock: Uint8Array): LockedProvider[] {
  const text = Buffer.from(lock).toString("utf8");
  const blocks = text.matchAll(/^provider "([^"\n]+)" \{\n([\s\S]*?)^\}/gm);
  return [...blocks].map(([, address = "", body = ""]) => ({
    provider: canonicalProvider(address),
    version: /^\s*version\s*=\s*"([^"]+)"/m.exec(body)?.[1] ?? "",
  }));
}
