import { env } from "./env.ts";
import { type Spawned, spawnSource } from "./process.ts";
import { tools } from "./tools.ts";

const api = new URL("../../../apps/api/src/main.ts", import.meta.url);
const runner = new URL("../../../apps/runner/src/main.ts", import.meta.url);

/** The environment of a real API on this database and directory, on any free port and without a limit that a test would meet. */
export const apiEnv = (databaseUrl: string, dataDir: string): Record<string, string> => ({
  PORT: "0",
  DATABASE_URL: databaseUrl,
  TAKOSUMI_DATA_DIR: dataDir,
  TAKOSUMI_RATE_LIMIT: "1000000",
  TAKOSUMI_ADDRESS_RATE_LIMIT: "1000000",
  TAKOSUMI_SIGN_IN_RATE_LIMIT: "1000000",
  TAKOSUMI_TOKEN_RATE_LIMIT: "1000000",
  TAKOSUMI_USER_CODE_RATE_LIMIT: "1000000",
  TAKOSUMI_DEVICE_CODE_RATE_LIMIT: "1000000",
  TAKOSUMI_REGISTRATION_RATE_LIMIT: "1000000",
  TAKOSUMI_CLIENT_FAILURE_RATE_LIMIT: "1000000",
  TAKOSUMI_DATABASE_POOL: "8",
});

/** The environment of a real runner in its own directory, with the tools of this machine. */
export const runnerEnv = (url: string, token: string, dir: string): Record<string, string> => ({
  PATH: env.PATH,
  HOME: dir,
  TAKOSUMI_URL: url,
  TAKOSUMI_RUNNER_TOKEN: token,
  TAKOSUMI_RUNNER_DIR: dir,
  TAKOSUMI_CACHE_DIR: env.TAKOSUMI_CACHE_DIR,
  ...(tools.tofu && { TAKOSUMI_TOFU_BIN: tools.tofu }),
  ...(tools.mirror && { TAKOSUMI_PROVIDER_MIRROR: tools.mirror }),
});

export const spawnApi = (variables: Readonly<Record<string, string>>): Spawned => spawnSource(api, variables);
export const spawnRunner = (variables: Readonly<Record<string, string>>): Spawned => spawnSource(runner, variables);
