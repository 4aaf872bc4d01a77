import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintToken } from "@takosumi/keyring/tokens";
import { type Call, caller } from "./call.ts";
import { type TestDatabase, testDatabase } from "./database.ts";
import type { Spawned } from "./process.ts";
import { apiEnv, spawnApi } from "./spawn.ts";

export interface TestApi {
  readonly url: string;
  /** The first owner's token, and a call as them. */
  readonly token: string;
  readonly call: Call;
  /** The token of the default runner pool. */
  readonly runnerToken: string;
  readonly dataDir: string;
  readonly database: TestDatabase;
  readonly process: Spawned;
  /** Ends the process, and removes the database and the data directory. */
  close(): Promise<void>;
}
export interface ApiOptions {
  /** More settings, or others than those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  /** A replica of this one: the same database, data directory and tokens. It outlives none of them. */
  readonly replicaOf?: TestApi;
}

/** Starts the real API as its own process, on a database of its own. */
export async function startApi({ env = {}, replicaOf }: ApiOptions = {}): Promise<TestApi> {
  const database = replicaOf?.database ?? (await testDatabase());
  const dataDir = replicaOf?.dataDir ?? (await mkdtemp(join(tmpdir(), "takosumi-api-")));
  const token = replicaOf?.token ?? mintToken("tak_pat_");
  const runnerToken = replicaOf?.runnerToken ?? mintToken("tak_run_");
  const process = spawnApi({
    ...apiEnv(database.url, dataDir),
    TAKOSUMI_BOOTSTRAP_TOKEN: token,
    TAKOSUMI_RUNNER_TOKEN: runnerToken,
    ...env,
  });
  const close = async () => {
    process.kill("SIGTERM");
    await process.exited;
    if (replicaOf) return;
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const { url } = (await process.line("listening")) as unknown as { url: string };
    return { url, token, call: caller(url, token), runnerToken, dataDir, database, process, close };
  } catch (error) {
    await close();
    throw error;
  }
}
