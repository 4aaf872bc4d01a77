import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { authorityOf, type GitUrl } from "@takosumi/contracts/deploy/git-url";
import { RunFailure } from "../run/failure.ts";

const run = promisify(execFile);
const SECONDS = 5;

/** The name of a host in a known_hosts file: "host", or "[host]:port" where it is not the usual one. */
export const knownAs = ({ host, port }: GitUrl): string => (port === null ? host : `[${host}]:${port}`);

/** Lines of the known_hosts file that pins for every Capsule. */
export async function pinnedHosts(file: string | undefined): Promise<string[]> {
  const text = file === undefined ? "" : await readFile(file, "utf8");
  return text.split("\n").filter((line) => line.trim() !== "");
}

/** Why an ssh host is refused whose key nobody pinned: with the keys that it shows, so that somebody can compare and pin one. */
export async function unknownHostKey(url: GitUrl, address: string, path: string): Promise<RunFailure> {
  const offered = await keysOf(url, address, path);
  const place = authorityOf(url);
  if (offered.length === 0)
    return new RunFailure("SOURCE_UNREACHABLE", `${place} does not answer as an ssh server does, and none of its host keys is pinned.`);
  const shown = offered.map(({ type, fingerprint }) => `${type} ${fingerprint}`).join(", ");
  const best = offered.find(({ type }) => type === "ssh-ed25519") ?? offered[0];
  return new RunFailure(
    "SOURCE_HOST_KEY_UNKNOWN",
    `No host key of ${place} is pinned, so that nobody can tell whether it is the right machine. It shows ${shown}. Compare that with what its owner publishes, and pin it in source.known_hosts: "${best?.line}"`,
    { details: { host: place, offered } },
  );
}

async function keysOf(url: GitUrl, address: string, path: string): Promise<{ type: string; fingerprint: string; line: string }[]> {
  const args = ["-T", String(SECONDS), "-p", String(url.port ?? 22), "--", address];
  const { stdout } = await run("ssh-keyscan", args, { env: { PATH: path }, timeout: (SECONDS + 5) * 1000, maxBuffer: 1 << 18 }).catch(
    () => ({ stdout: "" }),
  );
  return stdout.split("\n").flatMap((line) => {
    const [, type, key] = /^[^\s#]+ ([a-z0-9@.-]+) ([A-Za-z0-9+/]+=*)$/.exec(line.trim()) ?? [];
    if (type === undefined || key === undefined) return [];
    const digest = createHash("sha256").update(Buffer.from(key, "base64")).digest("base64").replace(/=+$/, "");
    return [{ type, fingerprint: `SHA256:${digest}`, line: `${knownAs(url)} ${type} ${key}` }];
  });
}
