import { chown, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkedPath } from "@takosumi/opentofu/tree-paths";
import type { Ground } from "./ground.ts";
import type { Job } from "./job.ts";

/** What the connections give for one phase; from here on hidden from the log. */
export async function phaseSecrets(job: Job, phase: "plan" | "apply"): ReturnType<Job["calls"]["credentials"]> {
  const given = await job.calls.credentials(phase);
  const files = given.files.map(({ path, content }) => ({ name: path, value: content }));
  job.redactor.add([...given.env.map(({ name, value }) => ({ name, value })), ...files]);
  return given;
}

/**
 * Environment of one phase: the Run's variables, and what the resolved connections inject. Files go where the payload can read them and
 * are named by their variable. Every value is hidden from the log before the phase starts.
 */
export async function phaseCredentials(job: Job, ground: Ground, phase: "plan" | "apply"): Promise<Record<string, string>> {
  const { env, files } = await phaseSecrets(job, phase);
  const injected: Record<string, string> = { ...job.lease.variables.env };
  for (const { name, value } of env) injected[name] = value;
  const { facts } = job.site;
  for (const { path, content, env_name } of files) {
    const file = join(job.dir.io, "credentials", checkedPath(path));
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, content, { mode: 0o600, flag: "wx" });
    if (facts.setpriv) for (const made of [join(job.dir.io, "credentials"), dirname(file), file]) await chown(made, facts.uid, facts.gid);
    if (env_name) injected[env_name] = `${ground.seen.io}/credentials/${path}`;
  }
  return injected;
}
