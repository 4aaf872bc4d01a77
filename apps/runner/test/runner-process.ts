import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { findTools } from "@takosumi/opentofu/find";
import type { FakeApi } from "./fake-api.ts";

export const cacheDir = join(homedir(), ".cache/takosumi");
export const mirror = join(cacheDir, "mirror");
const tools = await findTools({ cacheDir, path: process.env.PATH ?? "" });
export const hasTofu = tools.some(({ name }) => name === "opentofu");
export const hasTerraform = tools.some(({ name }) => name === "terraform");
const main = new URL("../src/main.ts", import.meta.url).pathname;

const dirs: string[] = [];
export async function runnerDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "runner-test-"));
  dirs.push(dir);
  return dir;
}
export const removeDirs = (): Promise<unknown> => Promise.all(dirs.splice(0).map((dir) => rm(dir, { recursive: true, force: true })));

/** The real runner, as `npm start` starts it: `node apps/runner/src/main.ts`. */
export class RunnerProcess {
  readonly dir: string;
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  output = "";

  constructor(api: FakeApi, dir: string, env: Record<string, string> = {}) {
    this.dir = dir;
    this.child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env.PATH ?? "",
        HOME: homedir(),
        TAKOSUMI_URL: api.url,
        TAKOSUMI_RUNNER_TOKEN: api.token,
        TAKOSUMI_RUNNER_DIR: dir,
        TAKOSUMI_PROVIDER_MIRROR: mirror,
        ...(process.env.NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE }),
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.ready = new Promise((done, failed) => {
      const take = (chunk: Buffer) => {
        this.output += chunk.toString("utf8");
        if (this.output.includes('"msg":"ready"')) done();
      };
      this.child.stdout?.on("data", take);
      this.child.stderr?.on("data", take);
      this.child.once("exit", (code) => failed(new Error(`the runner ended with ${code}: ${this.output}`)));
    });
    this.ready.catch(() => undefined);
  }

  /** Ends it and waits; answers the exit status. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = new Promise<number | null>((done) => this.child.once("exit", (code) => done(code)));
    this.child.kill(signal);
    return ended;
  }
}
