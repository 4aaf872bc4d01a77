import { join } from "node:path";
import { phaseEnvironment } from "@takosumi/opentofu/environment";
import type { PhaseStart } from "@takosumi/opentofu/phase";
import { safeModulePath, seenPaths } from "@takosumi/opentofu/rundir";
import type { SeenPaths, Tool } from "@takosumi/opentofu/types";
import { trustShown } from "../trust.ts";
import type { Job } from "./job.ts";

/** The tool and the paths that the phases of one Run are started with. */
export type Ground = { readonly tool: Tool; readonly seen: SeenPaths; readonly moduleDir: string; readonly mirror: string | null };

export function groundOf(job: Job, tool: Tool): Ground {
  const { facts, settings } = job.site;
  job.tool = { name: tool.name, version: tool.version, digest: tool.digest };
  return {
    tool,
    seen: seenPaths(job.dir, facts, tool, job.lease.module_path),
    moduleDir: join(job.dir.tree, safeModulePath(job.lease.module_path)),
    mirror: settings.providerMirror ?? null,
  };
}

/** How one command is started: its own environment from nothing, the data directory read-only but for init. */
export function stepOf(
  job: Pick<Job, "site" | "dir">,
  { tool, seen, mirror }: Ground,
  name: string,
  argv: string[],
  { env = {}, installs = false, credentials = false }: { env?: Record<string, string>; installs?: boolean; credentials?: boolean } = {},
): PhaseStart {
  const { facts, settings, shells } = job.site;
  const trust = trustShown(job.site.trusted, facts);
  return {
    dir: job.dir,
    name,
    box: {
      facts,
      toolPath: tool.path,
      mirror,
      network: settings.network,
      dataWritable: installs,
      shown: [...(credentials ? [{ host: job.dir.credentials, seen: seen.credentials }] : []), ...trust.shown],
      limits: settings.limits,
    },
    env: phaseEnvironment({ seen, injected: env, trusted: trust.seen }),
    cwd: seen.module,
    argv,
    shells,
  };
}
