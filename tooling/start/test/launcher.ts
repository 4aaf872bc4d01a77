import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const root = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");

export interface Launched {
  readonly child: ChildProcess;
  /** Everything that it printed so far. */
  readonly output: () => string;
  /** Its exit status, once it has ended. */
  readonly ended: Promise<number>;
}

/** `npm start` without npm, on a data directory and port of the test's own. It is told to end when the test is over. */
export function launch(dataDir: string, port: number, env: Readonly<Record<string, string>> = {}): Launched {
  const { PATH = "", HOME = "/" } = inherited;
  const child = spawn(process.execPath, ["tooling/start/bootstrap.mjs"], {
    cwd: root,
    env: { PATH, HOME, PORT: String(port), TAKOSUMI_DATA_DIR: dataDir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  const ended = once(child, "close").then(([code]) => code as number);
  onTestFinished(async () => {
    child.kill("SIGTERM");
    await ended;
  });
  return { child, output: () => output, ended };
}
const inherited = process.env;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

/** Every process on this machine that was told of this data directory. */
export const processesOf = (dataDir: string): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => ["cmdline", "environ"].some((file) => textOf(`/proc/${pid}/${file}`).includes(dataDir)))
    .map(Number);

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
