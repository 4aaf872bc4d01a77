import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintToken } from "@takosumi/keyring/tokens";
import { type Call, caller } from "@takosumi/testkit/call";
import { deployOn } from "@takosumi/testkit/deploy";
import { apiEnv, runnerEnv, spawnApi, spawnRunner } from "@takosumi/testkit/spawn";
import { Database } from "./database.ts";
import { Part } from "./part.ts";
import { patient } from "./patient.ts";
import { freePort } from "./port.ts";

type Variables = Readonly<Record<string, string>>;
export interface WorldOptions {
  /** How many of each; api number n listens at `url(n)`, runner number n is on api number n modulo their count. */
  readonly apis?: number;
  readonly runners?: number;
  /** More settings, or others. */
  readonly apiEnv?: Variables;
  readonly runnerEnv?: Variables;
}

/** Leases short enough that a round takes seconds; the same rules hold for them. */
export const lease = { seconds: 4, renewSeconds: 1, graceSeconds: 1 } as const;
const leaseEnv = {
  TAKOSUMI_LEASE_SECONDS: String(lease.seconds),
  TAKOSUMI_LEASE_RENEW_SECONDS: String(lease.renewSeconds),
  TAKOSUMI_LEASE_GRACE_SECONDS: String(lease.graceSeconds),
  TAKOSUMI_DATABASE_POOL: "10",
};

/** A Run that is stuck is found in the database, by its lease; this only ends a script that would wait forever. */
const patienceMs = 180_000;

export interface World {
  /** Holds everything; gone after `close`. */
  readonly dir: string;
  readonly database: Database;
  readonly apis: readonly Part[];
  readonly runners: readonly Part[];
  url(api?: number): string;
  runnerDir(runner: number): string;
  /** The first owner's, and the default pool's. */
  readonly token: string;
  readonly runnerToken: string;
  /** As the first owner, once: what fails, fails. `patiently` sends again until it is answered. */
  readonly call: Call;
  readonly user: ReturnType<typeof deployOn>;
  close(): Promise<void>;
}

/** One world: its own PostgreSQL, api and runner processes, directories. Works inside and outside of vitest. */
export async function openWorld({ apis = 1, runners = 1, ...more }: WorldOptions = {}): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), "takosumi-chaos-"));
  const dataDir = join(dir, "data");
  const database = new Database(dir);
  const token = mintToken("tak_pat_");
  const runnerToken = mintToken("tak_run_");
  const parts: { apis: Part[]; runners: Part[] } = { apis: [], runners: [] };
  const runnerDir = (runner: number) => join(dir, `runner-${runner}`);
  const ports = await Promise.all(Array.from({ length: apis }, freePort));
  const url = (api = 0) => `http://127.0.0.1:${ports[api]}`;
  const close = async () => {
    await Promise.all(parts.runners.map((part) => part.kill("SIGTERM")));
    await Promise.all(parts.apis.map((part) => part.kill("SIGTERM")));
    await database.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await database.start();
    for (const [n, port] of ports.entries()) {
      const tokens = { TAKOSUMI_BOOTSTRAP_TOKEN: token, TAKOSUMI_RUNNER_TOKEN: runnerToken };
      const variables = () => ({ ...apiEnv(database.url, dataDir), ...leaseEnv, ...tokens, ...more.apiEnv, PORT: String(port) });
      const part = new Part(`api ${n}`, "listening", () => spawnApi(variables()));
      parts.apis.push(part);
      await part.start();
    }
    for (let n = 0; n < runners; n++) {
      const variables = { ...runnerEnv(url(n % apis), runnerToken, runnerDir(n)), TAKOSUMI_RUNNER_NAME: `runner-${n}`, ...more.runnerEnv };
      const part = new Part(`runner ${n}`, "ready", () => spawnRunner(variables));
      parts.runners.push(part);
      await part.start();
    }
  } catch (error) {
    await close();
    throw error;
  }
  const call = caller(url(), token);
  return { dir, database, ...parts, url, runnerDir, token, runnerToken, call, user: deployOn(patient(call), patienceMs), close };
}
