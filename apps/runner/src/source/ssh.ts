import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SandboxFacts } from "@takosumi/opentofu/types";
import { RunFailure } from "../run/failure.ts";

/** One host as ssh is to reach it. */
export interface SshHost {
  /** What a `Host` line matches; `*` for all. */
  readonly match: string;
  /** Private key in OpenSSH's form; null shows none. */
  readonly key: string | null;
  /** Further lines of its block: `HostName 192.0.2.1`. */
  readonly lines: readonly string[];
}

export const isPrivateKey = (value: string): boolean => /^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----\s/.test(value);

/** A key as ssh insists on it, whatever a form or a shell made of its line ends. */
export function keyText(value: string, what: string): string {
  if (!isPrivateKey(value))
    throw new RunFailure(
      "SOURCE_CREDENTIAL_INVALID",
      `The Secret of ${what} is not a private SSH key: it must be the whole text, from BEGIN to END.`,
    );
  return `${value.replaceAll("\r", "").trim()}\n`;
}

const settled = [
  "BatchMode yes",
  "IdentitiesOnly yes",
  "IdentityAgent none",
  "PreferredAuthentications publickey",
  "StrictHostKeyChecking yes",
  "GlobalKnownHostsFile /dev/null",
  "CheckHostIP no",
  "UpdateHostKeys no",
  "ForwardAgent no",
  "PermitLocalCommand no",
  "ConnectTimeout 15",
  "ServerAliveInterval 15",
  "ServerAliveCountMax 3",
  "LogLevel ERROR",
];

/**
 * Writes keys, pinned host keys and a configuration into `folder`, for the payload to read, and answers the command that git runs. `seen` is
 * the folder as the payload sees it. ssh reads nothing else: no agent, no key of this machine, no host that is not pinned.
 */
export async function sshCommand(
  folder: string,
  seen: string,
  facts: SandboxFacts,
  { hosts, knownHosts }: { readonly hosts: readonly SshHost[]; readonly knownHosts: readonly string[] },
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files: [name: string, text: string][] = hosts.flatMap(({ key }, index) => (key === null ? [] : [[`key-${index}`, key]]));
  const blocks = hosts.map(({ match, key, lines }, index) =>
    block(match, [`IdentityFile ${key === null ? "none" : `${seen}/key-${index}`}`, ...lines]),
  );
  files.push(["known_hosts", knownHosts.map((line) => `${line}\n`).join("")]);
  files.push(["config", [...blocks, block("*", [...settled, "IdentityFile none", `UserKnownHostsFile ${seen}/known_hosts`])].join("")]);
  for (const [name, text] of files) {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    if (facts.setpriv) await chown(join(folder, name), facts.uid, facts.gid);
  }
  if (facts.setpriv) await chown(folder, facts.uid, facts.gid);
  return `ssh -F ${seen}/config`;
}

const block = (match: string, lines: readonly string[]): string => `Host ${match}\n${lines.map((line) => `  ${line}\n`).join("")}`;
