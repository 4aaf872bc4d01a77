import { chmod, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxFacts } from "@takosumi/opentofu/types";
import { trustAlso, trustedWith } from "@takosumi/reach/authorities";

/**
 * Trusts the operator's own certificate authorities beside those of this machine: in the calls of this process, and in one file of all of
 * them for every program of a Run. Answers its path; null where none are named.
 */
export async function trustOwn(dir: string, own: readonly string[]): Promise<string | null> {
  if (own.length === 0) return null;
  trustAlso(own);
  const path = join(dir, "trusted.pem");
  await writeFile(`${path}.new`, trustedWith(own));
  // The payload is another user, and reads it.
  await chmod(`${path}.new`, 0o644);
  await rename(`${path}.new`, path);
  return path;
}

/** The file of `trustOwn` for a sandbox: what is shown to the payload, and where. */
export function trustShown(trusted: string | null, { kind }: Pick<SandboxFacts, "kind">) {
  if (trusted === null) return { seen: null, shown: [] };
  const seen = kind === "bubblewrap" ? "/opt/trusted.pem" : trusted;
  return { seen, shown: [{ host: trusted, seen }] };
}
