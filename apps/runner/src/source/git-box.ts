import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { equipBare } from "@takosumi/opentofu/equip";
import { runPhase } from "@takosumi/opentofu/run-phase";
import { createRunDir } from "@takosumi/opentofu/rundir";
import type { PhaseExit, RunDir } from "@takosumi/opentofu/types";
import { RunFailure } from "../run/failure.ts";
import type { Job } from "../run/job.ts";
import { trustShown } from "../trust.ts";

const MOST_WORDS = 1024 * 1024;
/** Beside what a fetch may bring, as much again at most: names of the tree, headers of the objects. */
const BESIDE = 64 * 1024 * 1024;

/** A place where git runs for one Run, in its sandbox and with its directories, and none of the Run's. */
export interface GitBox {
  readonly dir: RunDir;
  /** The two folders that git may write, as it sees them. */
  readonly seen: { readonly tree: string; readonly io: string };
  /** Runs a line of shell; `args` are its $1, $2 … Throws RunFailure where it takes too long. */
  run(name: string, script: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<GitSaid>;
}
export interface GitSaid {
  readonly exit: PhaseExit;
  readonly stdout: string;
  readonly stderr: string;
}

/** Opens one below the Run's directory, with which it goes. `shown` is a folder of this machine that git may read. */
export async function openGitBox(job: Job, shown: readonly { host: string; seen: string }[]): Promise<GitBox> {
  const { facts, settings, shells } = job.site;
  const git = await findGit(settings.path);
  const dir = await createRunDir(join(job.dir.root, "fetch"));
  await equipBare(dir, facts);
  const boxed = facts.kind === "bubblewrap";
  const seen = boxed ? { tree: "/work", io: "/io" } : { tree: dir.tree, io: dir.io };
  const trust = trustShown(job.site.trusted, facts);
  const box = {
    facts,
    toolPath: git,
    mirror: null,
    network: "shared" as const,
    dataWritable: false,
    shown: [...shown, ...trust.shown],
    limits: { ...settings.limits, fileSize: settings.git.bytes + Math.min(settings.git.bytes, BESIDE) },
  };
  const until = performance.now() + settings.git.timeoutMs;
  return {
    dir,
    seen,
    async run(name, script, args, env) {
      const base = {
        PATH: boxed ? "/usr/local/bin:/usr/bin:/bin" : settings.path,
        HOME: boxed ? "/tmp" : seen.io,
        LANG: "C.UTF-8",
        LC_ALL: "C.UTF-8",
      };
      // Processes of a phase are found by this name; git does not read it.
      const marker = { TF_DATA_DIR: boxed ? "/data" : dir.data };
      const trusted = trust.seen === null ? {} : { GIT_SSL_CAINFO: trust.seen };
      const argv = ["/bin/sh", "-c", script, "sh", ...args];
      const left = Math.max(1, until - performance.now());
      const bounds = { timeoutMs: left, maxBytes: MOST_WORDS, stop: job.control.stopped };
      const start = { dir, name, box, env: { ...base, ...marker, ...trusted, ...env }, cwd: seen.tree, argv, shells };
      const said = await runPhase(start, bounds);
      job.control.stopped.throwIfAborted();
      if (said.timedOut)
        throw new RunFailure(
          "SOURCE_TIMEOUT",
          `The source was not fetched within ${settings.git.timeoutMs / 1000} s. Its server is slow, or it is large.`,
        );
      return { exit: said.exit, stdout: said.stdout.toString("utf8"), stderr: said.stderr.toString("utf8") };
    },
  };
}

async function findGit(path: string): Promise<string> {
  for (const folder of path.split(":").filter(Boolean)) {
    const found = join(folder, "git");
    if (
      await access(found, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return found;
  }
  throw new RunFailure("SOURCE_GIT_MISSING", "This runner has no git, which fetches the source. Install git on its machine.");
}
