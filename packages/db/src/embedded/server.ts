import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { type Account, bareEnv } from "./account.ts";
import { owner } from "./cluster.ts";
import { EmbeddedError } from "./embedded-error.ts";

const database = "takosumi";
const logLimit = 4 * 1024 * 1024;
/** What sun_path holds, less the name of the socket. */
const socketPathMax = 107 - "/.s.PGSQL.65535".length;

export interface Server {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  /** Over the unix socket where its path is short enough, else over 127.0.0.1. */
  readonly url: string;
  readonly tcpUrl: string;
}

const settings = {
  shared_buffers: "128MB",
  max_connections: "100",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "1GB",
  min_wal_size: "80MB",
  checkpoint_completion_target: "0.9",
  random_page_cost: "1.1",
  huge_pages: "off",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  listen_addresses: "127.0.0.1",
  unix_socket_permissions: "0700",
  password_encryption: "scram-sha-256",
  // Neither values nor keys of rows in a log.
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
  log_checkpoints: "off",
};
/** For tests: nothing survives a crash of the machine, and nothing needs to. */
const volatile = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

/** Starts the server in a session of its own, so that Ctrl-C of a terminal does not reach it, and waits until it answers. */
export async function startServer(account: Account, home: string, password: string, durable: boolean): Promise<Server> {
  const log = join(home, "log");
  if (((await stat(log).catch(() => null))?.size ?? 0) > logLimit) await rename(log, `${log}.1`);
  for (let attempt = 1; ; attempt++) {
    const port = (attempt === 1 && (await sameAsBefore(home))) || (await freePort(0)) || 0;
    const begin = (await stat(log).catch(() => null))?.size ?? 0;
    const server = launch(account, { log, port, password, durable });
    const why = await ready(server, log, begin);
    if (why === null) {
      await writeFile(join(home, "port"), String(port), { mode: 0o600 });
      return server;
    }
    // Somebody took the port between our look and the server's.
    if (attempt < 5 && /could not bind|Address already in use/.test(why)) continue;
    throw new EmbeddedError(`PostgreSQL did not start: ${why} (all of it in ${log})`);
  }
}

function launch({ prefix, binaries, place }: Account, given: { log: string; port: number; password: string; durable: boolean }): Server {
  const sockets = Buffer.byteLength(place) <= socketPathMax ? place : "";
  const all = { ...settings, ...(given.durable ? {} : volatile), port: String(given.port), unix_socket_directories: sockets };
  const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const [program = "", ...rest] = [...prefix, join(binaries.root, "bin/postgres"), "-D", join(place, "data"), ...options];
  const out = openSync(given.log, "a", 0o600);
  const child = spawn(program, rest, { detached: true, stdio: ["ignore", out, out], env: bareEnv, cwd: place });
  closeSync(out);
  child.unref();
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const tcpUrl = `postgresql://${owner}:${given.password}@127.0.0.1:${given.port}/${database}`;
  const url = sockets
    ? `postgresql://${owner}:${given.password}@/${database}?host=${encodeURIComponent(sockets)}&port=${given.port}`
    : tcpUrl;
  return { child, exited, url, tcpUrl };
}

/** Null once the database answers, else why it never will. */
async function ready({ child, exited, tcpUrl }: Server, log: string, begin: number): Promise<string | null> {
  let over = false;
  void exited.then(() => {
    over = true;
  });
  let last = "it does not answer";
  // Recovery after a crash takes its time.
  for (const end = performance.now() + 120_000; performance.now() < end && !over; await pause(20)) {
    const client = new pg.Client({ connectionString: tcpUrl.replace(/\/takosumi$/, "/postgres"), connectionTimeoutMillis: 5_000 });
    client.on("error", () => {});
    try {
      await client.connect();
      const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [database]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
      return null;
    } catch (error) {
      last = (error as Error).message;
      if ((error as { code?: string }).code === "28P01") {
        child.kill("SIGINT");
        await exited;
        return "the password in its data directory is not the one of the database";
      }
    } finally {
      await client.end().catch(() => {});
    }
  }
  if (!over) {
    child.kill("SIGINT");
    return last;
  }
  const said = readFileSync(log).subarray(begin).toString("utf8").trim().split("\n").slice(-4);
  return said.map((line) => line.replace(/^\S+ \S+ \S+ \[\d+\] /, "")).join("; ") || "it ended at once";
}

/** The port of the last start, where it is free: whoever knows the old address finds the database again. */
async function sameAsBefore(home: string): Promise<number | null> {
  const port = Number(await readFile(join(home, "port"), "utf8").catch(() => "0"));
  return port > 0 && port < 65_536 ? freePort(port) : null;
}

/** This port, or any for 0; null where it is taken. */
function freePort(wanted: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(null));
    probe.listen(wanted, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
