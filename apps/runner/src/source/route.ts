import { realpath, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { authorityOf, type GitUrl } from "@takosumi/contracts/deploy/git-url";
import { RunFailure } from "../run/failure.ts";
import type { Job } from "../run/job.ts";
import type { GitBox } from "./git-box.ts";
import { authorization, type GitConfig, gitEnv, quiet } from "./git-env.ts";
import { knownAs, pinnedHosts, unknownHostKey } from "./host-keys.ts";
import { reach } from "./reach.ts";
import { keyText, sshCommand } from "./ssh.ts";

/** How git gets to a repository: with these settings it reaches this place, and nothing else. */
export interface Route {
  readonly url: GitUrl;
  /** What git is given as the repository's address. */
  readonly address: string;
  readonly addresses: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const careful: GitConfig = [
  ...quiet,
  ["protocol.version", "2"],
  ["http.followRedirects", "false"],
  // A server that sends next to nothing is given up.
  ["http.lowSpeedLimit", "100"],
  ["http.lowSpeedTime", "60"],
  ["fetch.recurseSubmodules", "false"],
  ["fetch.unpackLimit", "1"],
  ["transfer.unpackLimit", "1"],
  ["transfer.bundleURI", "false"],
  ["core.bigFileThreshold", "16m"],
  ["pack.threads", "1"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
];

/** Where the repository lies on this machine, for one of a `file://` address; null for any other. Throws RunFailure outside of the roots. */
export async function localFolder(job: Job, url: GitUrl): Promise<string | null> {
  if (url.scheme !== "file") return null;
  const path = await realpath(decodeURIComponent(url.text.slice("file://".length))).catch(() => null);
  for (const root of job.site.settings.git.fileRoots) {
    const real = await realpath(root).catch(() => null);
    if (path !== null && real !== null && (path === real || path.startsWith(real + sep))) return path;
  }
  throw new RunFailure("SOURCE_URL_REFUSED", `${url.text} is not below a directory that TAKOSUMI_GIT_FILE_ROOTS of the runner names.`);
}

/** The way to a repository. Throws RunFailure where its host is private, unknown, or not pinned. */
export async function routeTo(job: Job, box: GitBox, url: GitUrl, folder: string | null): Promise<Route> {
  if (folder !== null) return overFile(job, box, url, folder);
  const addresses = await reach(url, job.site.settings.git.privateHosts);
  return url.scheme === "ssh" ? overSsh(job, box, url, addresses) : overHttp(job, url, addresses);
}

/** Where git sees a repository of this machine. */
export const shownAt = (job: Job, folder: string): string => (job.site.facts.kind === "bubblewrap" ? "/opt/repository" : folder);

const environment = (scheme: string, config: GitConfig, more: Readonly<Record<string, string>> = {}) =>
  gitEnv(config, { GIT_ALLOW_PROTOCOL: scheme, GIT_PROTOCOL_FROM_USER: "0", ...more });

/** A repository that the operator named may be anybody's; only a file tells the other end of git so, which reads no variable of ours. */
async function overFile(job: Job, box: GitBox, url: GitUrl, folder: string): Promise<Route> {
  await writeFile(join(box.dir.io, "gitconfig"), "[safe]\n\tdirectory = *\n", { mode: 0o644 });
  const env = environment("file", careful, { GIT_CONFIG_GLOBAL: `${box.seen.io}/gitconfig` });
  return { url, address: `file://${shownAt(job, folder)}`, addresses: [], env };
}

function overHttp(job: Job, url: GitUrl, addresses: readonly string[]): Route {
  const credential = job.lease.git?.credential ?? null;
  const named = job.site.settings.git.privateHosts.names(url.host, url.port);
  if (credential !== null && url.scheme === "http" && !named)
    throw new RunFailure(
      "SOURCE_URL_REFUSED",
      `A Secret is not sent to ${authorityOf(url)} over http, where anybody on the way can read it. Give an https address, or name the host in TAKOSUMI_GIT_PRIVATE_HOSTS of the runner.`,
    );
  const port = url.port ?? (url.scheme === "https" ? 443 : 80);
  const place = url.host.includes(":") ? `[${url.host}]` : url.host;
  const origin = `${url.scheme}://${place}${url.port === null ? "" : `:${url.port}`}`;
  const resolved = addresses.map((address) => (address.includes(":") ? `[${address}]` : address)).join(",");
  const config: GitConfig = [
    ...careful,
    ["http.curloptResolve", `${place}:${port}:${resolved}`],
    ...(credential === null ? [] : authorization(origin, credential)),
  ];
  return { url, address: url.text, addresses, env: environment(url.scheme, config) };
}

async function overSsh(job: Job, box: GitBox, url: GitUrl, addresses: readonly string[]): Promise<Route> {
  const { settings, facts } = job.site;
  const git = job.lease.git as NonNullable<Job["lease"]["git"]>;
  const knownHosts = [...git.known_hosts, ...(await pinnedHosts(settings.git.knownHosts))];
  if (knownHosts.length === 0) throw await unknownHostKey(url, addresses[0] as string, settings.path);
  const key = git.credential === null ? null : keyText(git.credential, "the source");
  const lines = [`HostName ${addresses[0]}`, `HostKeyAlias ${knownAs(url)}`];
  const command = await sshCommand(join(box.dir.io, "ssh"), `${box.seen.io}/ssh`, facts, {
    hosts: [{ match: "*", key, lines }],
    knownHosts,
  });
  return { url, address: url.text, addresses, env: environment("ssh", careful, { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: "ssh" }) };
}
