import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestApi } from "./api.ts";
import { env } from "./env.ts";
import { type Spawned, spawnSource } from "./process.ts";
import { tools } from "./tools.ts";

const main = new URL("../../../apps/runner/src/main.ts", import.meta.url);

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
  const process = spawnSource(main, {
    PATH: env.PATH,
    HOME: home,
    TAKOSUMI_URL: api.url,
    TAKOSUMI_RUNNER_TOKEN: api.runnerToken,
    TAKOSUMI_RUNNER_DIR: home,
    TAKOSUMI_CACHE_DIR: env.TAKOSUMI_CACHE_DIR,
    ...(tools.tofu && { TAKOSUMI_TOFU_BIN: tools.tofu }),
    ...(tools.mirror && { TAKOSUMI_PROVIDER_MIRROR: tools.mirror }),
    ...more,
  });
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
