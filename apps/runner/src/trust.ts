import { X509Certificate } from "node:crypto";
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { SandboxFacts } from "@takosumi/opentofu/types";

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Trusts certificate authorities of the operator's own beside those of this machine: in the calls of this process, and in one file of all
 * of them for every program of a Run. Answers its path; null where none are named. Throws an Error that names the setting.
 */
export async function trustOwn(dir: string, file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`TAKOSUMI_CA_CERTIFICATES: ${file} cannot be read (${error.code})`);
  });
  const own = text.match(certificate) ?? [];
  if (own.length === 0)
    throw new Error(`TAKOSUMI_CA_CERTIFICATES: ${file} holds no certificate: PEM is expected, from BEGIN to END CERTIFICATE`);
  try {
    for (const one of own) new X509Certificate(one);
  } catch {
    throw new Error(`TAKOSUMI_CA_CERTIFICATES: ${file} holds a certificate that cannot be read`);
  }
  const system = getCACertificates("system");
  const all = [...new Set([...(system.length > 0 ? system : getCACertificates("bundled")), ...own].map((one) => one.trim()))];
  setDefaultCACertificates([...getCACertificates("default"), ...own]);
  const path = join(dir, "trusted.pem");
  await writeFile(`${path}.new`, `${all.join("\n")}\n`);
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
