import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The certificates of a PEM file. Throws an Error that says what is wrong with it. */
export function ownAuthorities(path: string): readonly string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
  const own = text.match(certificate) ?? [];
  if (own.length === 0) throw new Error(`${path} holds no certificate: PEM is expected, from BEGIN to END CERTIFICATE`);
  try {
    for (const one of own) new X509Certificate(one);
  } catch (error) {
    throw new Error(`${path} holds a certificate that cannot be read`, { cause: error });
  }
  return own;
}

/** From now on every call of this process trusts them beside those that it trusts anyway. */
export function trustAlso(own: readonly string[]): void {
  if (own.length > 0) setDefaultCACertificates([...getCACertificates("default"), ...own]);
}

/** PEM of all that this machine trusts, and of these: for programs that read a file in place of the machine's. */
export function trustedWith(own: readonly string[]): string {
  const system = getCACertificates("system");
  const all = [...(system.length > 0 ? system : getCACertificates("bundled")), ...own];
  return `${[...new Set(all.map((one) => one.trim()))].join("\n")}\n`;
}
