import { chown, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Credentials } from "@takosumi/contracts/runner/protocol";
import type { ProviderArguments } from "@takosumi/opentofu/provider-arguments";
import { checkedPath } from "@takosumi/opentofu/tree-paths";
import { secretParts } from "@takosumi/redact/parts";
import type { NamedSecret } from "@takosumi/redact/rules";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";

/** What one phase of the tool is started with. */
export type Injected = {
  readonly env: Record<string, string>;
  /** Whether there are files, which the payload sees as `seen.credentials`. */
  readonly credentials: boolean;
  readonly arguments: readonly ProviderArguments[];
};

/** A phase without connections: the Run's own variables. */
export const nothingInjected = (job: Job): Injected => ({ env: { ...job.lease.variables.env }, credentials: false, arguments: [] });

/**
 * What the connections give for one phase, on top of the Run's own variables. Files go into a folder that no phase but this one is shown.
 * Every secret value, and what is secret inside it, is hidden from the log before anything is started. `dropCredentials` ends it.
 */
export async function phaseCredentials(job: Job, ground: Ground, phase: "plan" | "apply"): Promise<Injected> {
  const given = await job.calls.credentials(phase);
  const secrets = secretsIn(given);
  job.hide(secrets);
  await dropCredentials(job);
  await writeFile(hiddenFile(job), JSON.stringify(secrets), { mode: 0o600 });
  const env: Record<string, string> = { ...job.lease.variables.env };
  for (const { name, value } of given.env) env[name] = value;
  await layOut(job, given.files);
  for (const { path, env_name } of given.files) if (env_name) env[env_name] = `${ground.seen.credentials}/${path}`;
  return { env, credentials: given.files.length > 0, arguments: given.arguments };
}

/** Takes the files away, and what is kept to hide them: the phase that they were for is over. */
export async function dropCredentials(job: Job): Promise<void> {
  await rm(job.dir.credentials, { recursive: true, force: true });
  await rm(hiddenFile(job), { force: true });
}

/** Hides again what an apply was given that an earlier process of this runner started; withholds the log where that is not known any more. */
export async function hideInjected(job: Job): Promise<void> {
  if (!job.lease.bound) return;
  try {
    job.hide(JSON.parse(await readFile(hiddenFile(job), "utf8")) as NamedSecret[]);
  } catch (error) {
    job.log.warn(
      { problem: (error as NodeJS.ErrnoException).code ?? "unreadable" },
      "what this apply was given is not known: its log is withheld",
    );
    job.withhold();
  }
}

/** Lies beside the phase's output while it runs: a restarted runner must hide these very values, and temporary ones are given only once. */
const hiddenFile = (job: Job): string => join(job.dir.ctl, "hidden.json");

function secretsIn({ env, files }: Credentials): NamedSecret[] {
  const named = [
    ...env.filter(({ sensitive }) => sensitive).map(({ name, value }) => ({ name, value })),
    ...files
      .filter(({ sensitive }) => sensitive)
      .map(({ path, content, env_name }) => ({ name: env_name ?? ownPath(path), value: content })),
  ];
  return named.flatMap(({ name, value }) => [{ name, value }, ...secretParts(value).map((part) => ({ name, value: part }))]);
}

/** A file's path as its connection names it, without the folder of the connection. */
const ownPath = (path: string): string => path.slice(path.indexOf("/") + 1);

async function layOut(job: Job, files: Credentials["files"]): Promise<void> {
  if (files.length === 0) return;
  const { facts } = job.site;
  const made = new Set<string>();
  const folder = async (path: string): Promise<void> => {
    if (made.has(path)) return;
    if (path !== job.dir.credentials) await folder(dirname(path));
    await mkdir(path, { mode: 0o700 });
    made.add(path);
  };
  await folder(job.dir.credentials);
  for (const { path, content } of files) {
    const file = join(job.dir.credentials, checkedPath(path));
    await folder(dirname(file));
    await writeFile(file, content, { mode: 0o600, flag: "wx" });
    made.add(file);
  }
  if (facts.setpriv) for (const path of made) await chown(path, facts.uid, facts.gid);
}
