import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestApi } from "./api.ts";
import type { Spawned } from "./process.ts";
import { runnerEnv, spawnRunner } from "./spawn.ts";

export interface TestRunner {
  readonly process: Spawned;
  readonly dir: string;
  /** Ends the process and removes its directory. */
  close(): Promise<void>;
}

/** Starts the real runner as its own process, for this api. With `dir` it is the runner of that directory come back. */
export async function startRunner(
  api: TestApi,
  { dir, more = {} }: { dir?: string; more?: Readonly<Record<string, string>> } = {},
): Promise<TestRunner> {
  const home = dir ?? (await mkdtemp(join(tmpdir(), "takosumi-runner-")));
  const process = spawnRunner({ ...runnerEnv(api.url, api.runnerToken, home), ...more });
  const close = async () => {
    process.kill("SIGTERM");
    await process.exited;
    await rm(home, { recursive: true, force: true });
  };
  await process.line("ready").catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { process, dir: home, close };
}
