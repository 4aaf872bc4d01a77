import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { administer } from "../src/clone.ts";
import { openDb } from "../src/db.ts";
import { describe, findBinaries } from "../src/embedded/binaries.ts";
import { type EmbeddedOptions, type EmbeddedPostgres, removeAbandoned, startEmbedded } from "../src/embedded.ts";
import { statement } from "../src/sql.ts";

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
let root: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "takosumi-embedded-"));
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(root, { recursive: true, force: true });
});

const directory = () => mkdtemp(join(root, "d-"));
async function started<T>(options: EmbeddedOptions, work: (server: EmbeddedPostgres) => Promise<T>): Promise<T> {
  const server = await startEmbedded({ durable: false, ...options });
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}
async function ask<Row extends object>(url: string, name: string, text: string): Promise<Row | null> {
  const db = await openDb({ url, waitMs: 2_000 });
  try {
    return await db.one<Row>(statement(name, text));
  } finally {
    await db.close();
  }
}
const kept = (url: string) => ask(url, "test_kept", "SELECT word FROM kept");
const keep = (url: string) => administer(url, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('here')", "CHECKPOINT");
async function serving(data: string): Promise<string[]> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const directories = await Promise.all(processes.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
  return processes.filter((_, i) => directories[i] === data);
}
/** Starts the database in another process, and waits until it serves. */
async function holder(dataDir: string, prefix: string[] = []): Promise<{ child: ChildProcess; url: string; pid: number; uid: number }> {
  const [program = "", ...rest] = [...prefix, process.execPath, "--no-warnings", join(import.meta.dirname, "embedded-holder.ts"), dataDir];
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return { child, ...JSON.parse(line) };
  throw new Error("The holder ended");
}
const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
  child.kill(signal);
  await once(child, "exit");
};

test("from nothing to a query, and again with the same data; nothing is left behind", async () => {
  const dataDir = await directory();
  const first = await started({ dataDir, durable: true }, async ({ url, tcpUrl }) => {
    await keep(url);
    expect(await kept(tcpUrl)).toEqual({ word: "here" });
    return tcpUrl;
  });
  expect(await serving(join(dataDir, "postgres/data"))).toEqual([]);
  await started({ dataDir }, async ({ url, tcpUrl, stoppedLeftover }) => {
    expect(await kept(url)).toEqual({ word: "here" });
    expect(tcpUrl).toBe(first);
    expect(stoppedLeftover).toBe(false);
  });
});

test("nobody gets in without the password, which only we read", async () => {
  const dataDir = await directory();
  await started({ dataDir }, async ({ url, tcpUrl }) => {
    for (const address of [url, tcpUrl]) {
      await expect(administer(address.replace(/:[^:@]*@/, "@"))).rejects.toThrow(/password/);
      await expect(administer(address.replace(/:[^:@]*@/, ":guess@"))).rejects.toMatchObject({ code: "28P01" });
    }
    const password = await readFile(join(dataDir, "postgres/password"), "utf8");
    expect(password).toHaveLength(43);
    expect(url).toContain(`:${password}@`);
    const modes = await Promise.all(
      ["", "data", "password", "log"].map(async (name) => (await stat(join(dataDir, "postgres", name))).mode & 0o077),
    );
    expect(modes).toEqual([0, 0, 0, 0]);
    expect(await readFile(join(dataDir, "postgres/log"), "utf8")).not.toContain(password);
  });
});

test("it is durable unless a test says otherwise", async () => {
  const dataDir = await directory();
  const show =
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commits, current_setting('listen_addresses') AS at";
  await started({ dataDir, durable: true }, async ({ url }) => {
    expect(await ask(url, "test_durable", show)).toEqual({ fsync: "on", commits: "on", at: "127.0.0.1" });
  });
  await started({ dataDir }, async ({ url }) => expect(await ask(url, "test_durable", show)).toMatchObject({ fsync: "off" }));
});

test("what a killed start left serving is stopped first, and what it had committed is there", async () => {
  const dataDir = await directory();
  const { child, url, pid } = await holder(dataDir);
  await keep(url);
  await end(child, "SIGKILL");
  expect(await serving(join(dataDir, "postgres/data"))).toContain(String(pid));
  await started({ dataDir }, async (server) => {
    expect(server.stoppedLeftover).toBe(true);
    expect(server.pid).not.toBe(pid);
    expect(await kept(server.url)).toEqual({ word: "here" });
  });
});

test("a database that was killed itself starts again", async () => {
  const dataDir = await directory();
  const server = await startEmbedded({ dataDir, durable: false });
  await keep(server.url);
  process.kill(server.pid, "SIGKILL");
  await server.exited;
  await server.stop();
  await started({ dataDir }, async ({ url }) => expect(await kept(url)).toEqual({ word: "here" }));
});

test("a stale lock file that names a process of somebody else neither stops the start nor that process", async () => {
  const dataDir = await directory();
  await started({ dataDir }, async ({ url }) => keep(url));
  const bystander = spawn("sleep", ["60"]);
  children.push(bystander);
  const data = join(dataDir, "postgres/data");
  await writeFile(join(data, "postmaster.pid"), `${bystander.pid}\n${data}\n1\n5432\n\n127.0.0.1\n\nready\n`);
  await started({ dataDir }, async ({ url }) => expect(await kept(url)).toEqual({ word: "here" }));
  expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
});

test("a data directory that another living process has is left alone", async () => {
  const dataDir = await directory();
  const { child, url } = await holder(dataDir);
  await expect(startEmbedded({ dataDir })).rejects.toThrow(`in use by process ${child.pid}`);
  await keep(url);
  await end(child, "SIGKILL");
  await started({ dataDir }, async (server) => {
    await expect(startEmbedded({ dataDir })).rejects.toThrow(`in use by process ${process.pid}`);
    expect(await kept(server.url)).toEqual({ word: "here" });
  });
});

test("what a killed process abandoned can be removed, what a living one has cannot", async () => {
  const dataDir = await directory();
  const { child } = await holder(dataDir);
  expect(await removeAbandoned(dataDir)).toBe(false);
  await end(child, "SIGKILL");
  expect(await removeAbandoned(dataDir)).toBe(true);
  expect(await serving(join(dataDir, "postgres/data"))).toEqual([]);
  expect(await stat(dataDir).catch(() => null)).toBeNull();
  expect(await removeAbandoned(dataDir)).toBe(false);
});

test("data of another major version is not touched, and the error says what to do", async () => {
  const dataDir = await directory();
  await started({ dataDir }, async () => {});
  const file = join(dataDir, "postgres/data/PG_VERSION");
  await writeFile(file, "13\n");
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/made by PostgreSQL 13, and this is PostgreSQL \d+: dump it/);
  expect(await readFile(file, "utf8")).toBe("13\n");
});

test("something else in the place of the data is not touched", async () => {
  const dataDir = await directory();
  await mkdir(join(dataDir, "postgres/data"), { recursive: true });
  await writeFile(join(dataDir, "postgres/data/mine"), "x");
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/is in the way/);
  expect(await readFile(join(dataDir, "postgres/data/mine"), "utf8")).toBe("x");
});

test("what PostgreSQL says when it does not start is in the error", async () => {
  const dataDir = await directory();
  await started({ dataDir }, async () => {});
  await writeFile(join(dataDir, "postgres/data/postgresql.conf"), "no_such_setting = 1\n");
  await expect(startEmbedded({ dataDir })).rejects.toThrow(/PostgreSQL did not start: .*no_such_setting/);
});

test("a start that was killed while it made the data begins anew", async () => {
  const dataDir = await directory();
  await mkdir(join(dataDir, "postgres/data.new"), { recursive: true });
  await writeFile(join(dataDir, "postgres/data.new/PG_VERSION"), "1");
  await started({ dataDir }, async ({ url }) => keep(url));
});

test("a path too long for a socket is served over TCP alone", async () => {
  const dataDir = join(await directory(), "x".repeat(100));
  await started({ dataDir }, async ({ url, tcpUrl }) => {
    expect(url).toBe(tcpUrl);
    await keep(url);
  });
});

test("programs below a home that only its owner reads run from there", async () => {
  const home = await directory();
  const { root: programs } = await findBinaries();
  await cp(programs, join(home, "programs"), { recursive: true, verbatimSymlinks: true });
  await chmod(home, 0o700);
  await started({ dataDir: join(home, "data"), binaries: await describe(join(home, "programs")) }, async ({ url }) => keep(url));
});

test("programs that do not run are named", async () => {
  await expect(describe(join(root, "nothing"))).rejects.toThrow(/does not run here .* set DATABASE_URL/);
});

test.runIf(isRoot)(
  "where root may not make namespaces, it runs as nobody below a directory that nobody reaches, and brings its data",
  async () => {
    const [dataDir, sharedDir] = [await directory(), await mkdtemp(join(tmpdir(), "takosumi-shared-"))];
    try {
      await started({ dataDir }, async ({ url }) => keep(url));
      await started({ dataDir, sharedDir, rootRunsAs: "setpriv" }, async ({ url, pid }) => {
        expect(await kept(url)).toEqual({ word: "here" });
        expect((await stat(`/proc/${pid}`)).uid).toBe(nobody);
        await administer(url, "UPDATE kept SET word = 'moved'");
      });
      await started({ dataDir, sharedDir }, async ({ url, pid }) => {
        expect(await kept(url)).toEqual({ word: "moved" });
        expect((await stat(`/proc/${pid}`)).uid).toBe(nobody);
      });
    } finally {
      await rm(sharedDir, { recursive: true, force: true });
    }
  },
);

const as = (uid: number) => ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"];
/** A uid that no passwd file names, as containers give them. */
const nameless = 48_213;
/** Whether an ordinary user reads this checkout at all. */
const reachable =
  isRoot &&
  spawnSync("setpriv", [...as(nobody).slice(1), process.execPath, "--check", join(import.meta.dirname, "embedded-holder.ts")]).status === 0;
test.runIf(reachable).each([nobody, nameless])("an ordinary user starts it as well: uid %i", async (user) => {
  const dataDir = await mkdtemp(join(tmpdir(), "takosumi-ordinary-"));
  await chown(dataDir, user, user);
  try {
    const { child, url, pid, uid } = await holder(dataDir, as(user));
    expect(uid).toBe(user);
    await keep(url);
    expect(await kept(url)).toEqual({ word: "here" });
    await end(child, "SIGKILL");
    process.kill(pid, "SIGINT");
    await vi.waitFor(async () => expect(await serving(join(dataDir, "postgres/data"))).toEqual([]), { timeout: 20_000, interval: 20 });
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});
