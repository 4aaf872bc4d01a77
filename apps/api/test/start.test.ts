import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startExit } from "@takosumi/contracts/instance/start-errors";
import { caller } from "@takosumi/testkit/call";
import { type TestDatabase, testDatabase } from "@takosumi/testkit/database";
import { apiEnv, spawnApi } from "@takosumi/testkit/spawn";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let database: TestDatabase;
let dir: string;
beforeEach(async () => {
  database = await testDatabase();
  dir = await mkdtemp(join(tmpdir(), "takosumi-start-"));
});
afterEach(async () => {
  await database.drop();
  await rm(dir, { recursive: true, force: true });
});
const env = (more: Record<string, string> = {}) => ({ ...apiEnv(database.url, dir), ...more });

/** Starts one that must not start; its last words. */
async function refused(more: Record<string, string>) {
  const api = spawnApi(env(more));
  const status = await api.exited;
  return { status, ...(api.lines.findLast((line) => line.level === "fatal") as { failure: string; msg: string }) };
}
async function served(more: Record<string, string> = {}) {
  const api = spawnApi(env(more));
  const { url } = (await api.line("listening")) as { url?: string };
  return { api, call: caller(String(url), null) };
}

describe("start and stop", () => {
  it("makes a 0600 master key once, serves, and ends by itself on SIGTERM while a connection is open", async () => {
    const { api, call } = await served();
    expect((await call("GET", "/readyz")).status).toBe(200);
    expect((await stat(join(dir, "master.key"))).mode & 0o777).toBe(0o600);
    api.kill("SIGTERM");
    expect(await api.exited).toBe(0);
    expect(api.lines.at(-1)).toMatchObject({ msg: "closed" });
    const again = await served();
    again.api.kill("SIGINT");
    expect(await again.api.exited).toBe(0);
  });

  it("two on one empty database make one owner, and both serve", async () => {
    const [a, b] = await Promise.all([served(), served()]);
    for (const { call } of [a, b]) expect((await call("GET", "/readyz")).status).toBe(200);
    expect(await database.db.prisma.users.count()).toBe(1);
    for (const { api } of [a, b]) api.kill("SIGTERM");
    expect(await Promise.all([a.api.exited, b.api.exited])).toEqual([0, 0]);
  });
});

describe("a start that cannot go on", () => {
  it("says which port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    expect(await refused({ PORT: String(port) })).toMatchObject({
      status: startExit.port_taken,
      failure: "port_taken",
      msg: expect.stringContaining(String(port)),
    });
    server.close();
  });

  it("names the setting that was meant", async () => {
    const { status, msg } = await refused({ TAKOSUMI_DATADIR: dir });
    expect(status).toBe(startExit.configuration);
    expect(msg).toContain("TAKOSUMI_DATA_DIR");
  });

  it("names every wrong setting and shows no value", async () => {
    const secret = "hunter2-hunter2-hunter2";
    const { msg } = await refused({ PORT: "none", TAKOSUMI_BOOTSTRAP_TOKEN: secret, TAKOSUMI_RUNNER_TOKEN_FILE: join(dir, "absent") });
    for (const name of ["PORT", "TAKOSUMI_BOOTSTRAP_TOKEN", "TAKOSUMI_RUNNER_TOKEN_FILE"]) expect(msg).toContain(name);
    expect(msg).not.toContain(secret);
  });

  it("knows data of a newer version", async () => {
    await database.db.prisma.$executeRawUnsafe(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ('x', 'y', '9999_future', now(), 1)`,
    );
    expect(await refused({})).toMatchObject({ status: startExit.newer_data, msg: expect.stringContaining("newer version") });
  });

  it("knows a wrong or lost master key, changes nothing, and makes no other one", async () => {
    const { api } = await served();
    api.kill("SIGTERM");
    await api.exited;
    expect(await refused({ TAKOSUMI_MASTER_KEY: Buffer.alloc(32, 7).toString("base64") })).toMatchObject({ status: startExit.wrong_key });
    await rm(join(dir, "master.key"));
    expect(await refused({})).toMatchObject({ status: startExit.wrong_key, msg: expect.stringContaining("missing") });
    expect(await readdir(dir)).not.toContain("master.key");
  });

  it("does not print the password of a database that refuses it", async () => {
    const url = new URL(database.url.replace("@/", "@localhost/"));
    url.pathname = "/no_such_database_here";
    const { status, msg } = await refused({ DATABASE_URL: url.href.replace("@localhost/", "@/") });
    expect(status).toBe(startExit.database_unreachable);
    expect(msg).not.toContain(url.password);
  });

  it("takes a secret from a file", async () => {
    const file = join(dir, "url");
    await writeFile(file, `${database.url}\n`);
    const { DATABASE_URL: _, ...rest } = env();
    const api = spawnApi({ ...rest, DATABASE_URL_FILE: file });
    await api.line("listening");
    api.kill("SIGTERM");
    expect(await api.exited).toBe(0);
  });
});
