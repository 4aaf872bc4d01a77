import { chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cliConfig } from "@takosumi/opentofu/cli-config";
import type { PhaseStart } from "@takosumi/opentofu/phase";
import { mirrorSeen } from "@takosumi/opentofu/sandbox";
import type { RunDir } from "@takosumi/opentofu/types";
import type { Ground } from "../run/ground.ts";
import type { Job } from "../run/job.ts";
import { authorization, type GitConfig, gitEnv, quiet } from "./git-env.ts";
import { pinnedHosts } from "./host-keys.ts";
import { isPrivateKey, keyText, sshCommand } from "./ssh.ts";

type Modules = Job["lease"]["modules"];

/**
 * Lets one init fetch what the Capsule's `module_credentials` are for: tokens and keys, each to its own host, in the environment and in
 * files of that init alone. They go when `work` ends, so that no other phase meets them.
 */
export async function withModuleAccess<T>(
  job: Job,
  { mirror, seen }: Ground,
  dir: RunDir,
  start: PhaseStart,
  work: (start: PhaseStart) => Promise<T>,
): Promise<T> {
  const { modules } = job.lease;
  if (modules.length === 0) return work({ ...start, env: { ...start.env, ...gitEnv(quiet) } });
  const { facts } = job.site;
  const folder = join(dir.io, "module-access");
  const config = join(dir.io, "modules.tfrc");
  try {
    const ssh = modules.filter(({ kind, value }) => kind === "git" && isPrivateKey(value));
    const command =
      ssh.length === 0
        ? null
        : await sshCommand(folder, `${seen.io}/module-access`, facts, {
            hosts: ssh.map(sshHost),
            knownHosts: [...ssh.flatMap(({ known_hosts }) => known_hosts), ...(await pinnedHosts(job.site.settings.git.knownHosts))],
          });
    const registries = modules.filter(({ kind }) => kind === "registry");
    if (registries.length > 0) {
      const blocks = registries.map(
        ({ host, value }) => `credentials ${JSON.stringify(host)} {\n  token = ${hclString(value.trim())}\n}\n`,
      );
      await writeFile(config, cliConfig(mirror === null ? null : mirrorSeen(facts, mirror)) + blocks.join(""), { mode: 0o600 });
      if (facts.setpriv) await chown(config, facts.uid, facts.gid);
    }
    const env = {
      ...start.env,
      ...gitEnv([...quiet, ...overHttp(job, modules)], command === null ? {} : { GIT_SSH_COMMAND: command, GIT_SSH_VARIANT: "ssh" }),
      ...(registries.length > 0 && { TF_CLI_CONFIG_FILE: `${seen.io}/modules.tfrc` }),
    };
    return await work({ ...start, env });
  } finally {
    await Promise.all([folder, config].map((path) => rm(path, { recursive: true, force: true })));
  }
}

/** "host:2222" -> a block for the host; its port stands in the module's address. */
function sshHost({ host, value }: Modules[number]) {
  const match = host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return { match, key: keyText(value, `module_credentials for ${host}`), lines: [] };
}

/** A token goes over https; over http only to a host that the operator named. */
function overHttp(job: Job, modules: Modules): GitConfig {
  return modules
    .filter(({ kind, value }) => kind === "git" && !isPrivateKey(value))
    .flatMap(({ host, value }) => {
      const [, name = host, port] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
      const named = job.site.settings.git.privateHosts.names(name, port === undefined ? null : Number(port));
      return (named ? ["https", "http"] : ["https"]).flatMap((scheme) => authorization(`${scheme}://${host}`, value));
    });
}

/** A string of HCL: JSON's, with what begins a template made harmless. */
const hclString = (text: string): string => JSON.stringify(text).replace(/([$%])\{/g, "$1$1{");
