import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { TofuError } from "./errors.ts";
import { startTicks } from "./processes.ts";
import type { Answered, Asked } from "./shell-messages.ts";

/** How often a shell is looked at whose starter was killed. */
const POLL_MS = 50;

/** A shell as the process sees it that asked for it: its starter holds it. */
export class StartedShell {
  readonly pid: number;
  /** Field 22 of its /proc/<pid>/stat. An empty one never equals a living process's. */
  readonly startTicks: string;
  /** Resolves when it is gone. */
  readonly exited: Promise<void>;
  readonly #starter: Starter;
  readonly #id: number;
  #told = false;
  #alive = true;

  constructor(starter: Starter, id: number, { pid, startTicks }: { pid: number; startTicks: string }, exited: Promise<void>) {
    this.#starter = starter;
    this.#id = id;
    this.pid = pid;
    this.startTicks = startTicks;
    this.exited = exited.then(() => {
      this.#alive = false;
    });
  }

  /** It lives, and nobody has told it anything. */
  get spare(): boolean {
    return !this.#told && this.#alive;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** `line`: what it does, as one line. `options`: what it finds on descriptor 3. With `more`, another line follows. */
  tell(line: string, options: string, more = false): void {
    this.#told = true;
    this.#starter.ask({ id: this.#id, tell: line, options, more });
  }

  /** The last line that it waits for. */
  answer(line: string): void {
    this.#starter.ask({ id: this.#id, answer: line });
  }

  /** Ends one that was told nothing, or that waits for its last line. */
  dismiss(): void {
    this.#starter.ask({ id: this.#id, dismiss: true });
  }

  /** This process stays until the shell is gone. */
  ended(): Promise<void> {
    return this.#starter.stayFor(this.exited);
  }
}

type Pending = { readonly started: (shell: StartedShell) => void; readonly failed: () => void };
type Running = { readonly shell: StartedShell; readonly ended: () => void };

/** The process that makes the shells, and what it has said of them. */
class Starter {
  readonly #process: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #running = new Map<number, Running>();
  #asked = 0;
  #waitedFor = 0;

  constructor(onLost: () => void) {
    const path = fileURLToPath(new URL("./shell-starter.ts", import.meta.url));
    this.#process = fork(path, { env: {}, execArgv: [], cwd: "/", stdio: ["ignore", "ignore", "ignore", "ipc"] });
    this.#process.on("message", (answered: Answered) => this.#hear(answered));
    this.#process.once("error", () => this.#lost(onLost));
    this.#process.once("exit", () => this.#lost(onLost));
    this.#process.unref();
    this.#process.channel?.unref();
  }

  start(env: Record<string, string>): Promise<StartedShell> {
    const id = ++this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<StartedShell>();
    const failed = () => reject(new TofuError("sandbox_missing", "No shell could be started: this machine is out of processes or memory."));
    this.#pending.set(id, { started: resolve, failed });
    this.ask({ id, start: env });
    return this.stayFor(promise);
  }

  ask(asked: Asked): void {
    // A starter that is gone hears nothing; its end says so.
    if (this.#process.connected) this.#process.send(asked, () => undefined);
  }

  async stayFor<T>(what: Promise<T>): Promise<T> {
    if (this.#waitedFor++ === 0) this.#process.channel?.ref();
    try {
      return await what;
    } finally {
      if (--this.#waitedFor === 0) this.#process.channel?.unref();
    }
  }

  #hear(answered: Answered): void {
    const { id } = answered;
    if ("pid" in answered) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const shell = new StartedShell(this, id, answered, promise);
      this.#running.set(id, { shell, ended: resolve });
      this.#pending.get(id)?.started(shell);
    } else if ("failed" in answered) this.#pending.get(id)?.failed();
    else {
      this.#running.get(id)?.ended();
      this.#running.delete(id);
    }
    this.#pending.delete(id);
  }

  #lost(onLost: () => void): void {
    onLost();
    for (const { failed } of this.#pending.values()) failed();
    this.#pending.clear();
    for (const { shell, ended } of this.#running.values()) void gone(shell).then(ended);
    this.#running.clear();
  }
}

async function gone({ pid, startTicks: began }: StartedShell): Promise<void> {
  while (startTicks(pid) === began) await sleep(POLL_MS);
}

let current: Starter | null = null;

/**
 * A shell in a session of its own that outlives this process once it was told what to do, and ends with this process until then.
 * Throws TofuError `sandbox_missing` where none can be made.
 */
export function startShell(env: Record<string, string>): Promise<StartedShell> {
  current ??= new Starter(() => {
    current = null;
  });
  return current.start(env);
}
