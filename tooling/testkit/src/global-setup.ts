import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { administer, urlOf } from "@takosumi/db/clone";
import { removeAbandoned, startEmbedded } from "@takosumi/db/embedded";
import { migrate } from "@takosumi/db/migrate";
import type { TestProject } from "vitest/node";
import { env } from "./env.ts";
import "./provided.ts";

interface Server {
  readonly url: string;
  stop(): Promise<void>;
}

const prefix = "takosumi-test-";

async function embedded(): Promise<Server> {
  // A run that was killed could not clean up after itself.
  for (const name of await readdir(tmpdir())) if (name.startsWith(prefix)) await removeAbandoned(join(tmpdir(), name)).catch(() => false);
  const dataDir = await mkdtemp(join(tmpdir(), prefix));
  const server = await startEmbedded({ dataDir, durable: false });
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** One PostgreSQL a run. What it held is gone afterwards. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server: Server = env.TEST_DATABASE_URL ? { url: env.TEST_DATABASE_URL, stop: async () => {} } : await embedded();
  const template = `template_${randomBytes(6).toString("hex")}`;
  try {
    await administer(server.url, `CREATE DATABASE ${template} TEMPLATE template0`);
    await migrate(urlOf(server.url, template));
    project.provide("postgres", { url: server.url, template });
  } catch (error) {
    await server.stop();
    throw error;
  }
  return async () => {
    await administer(server.url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
    await server.stop();
  };
}
