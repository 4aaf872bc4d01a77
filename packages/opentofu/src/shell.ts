import { type ChildProcess, spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { TofuError } from "./errors.ts";
import { startTicks } from "./processes.ts";

/** The first line of its input is what it does. Without one, because who started it is gone, it does nothing. */
const SCRIPT = `n='\n'; IFS= read -r line && eval "$line"`;
/** What a shell that starts a sandbox has of this process's environment. */
export const BARE = { PATH: "/usr/bin:/bin" };

/** One word of a line, whatever it holds: a newline is written as the variable that the shell has for it. */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`).replaceAll("\n", `'"$n"'`)}'`;

/** A shell in a session of its own that outlives this process once it was told what to do, and ends with this process until then. */
export class Shell {
  readonly pid: number;
  /** Field 22 of its /proc/<pid>/stat. An empty one never equals a living process's. */
  readonly startTicks: string;
  /** Resolves when it is gone. */
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  #told = false;
  #waits = false;

  constructor(env: Record<string, string>) {
    this.#child = spawn("/bin/sh", ["-c", SCRIPT, "sh"], { detached: true, cwd: "/", env, stdio: ["pipe", "ignore", "ignore", "pipe"] });
    this.#child.once("error", () => undefined);
    if (this.#child.pid === undefined)
      throw new TofuError("sandbox_missing", "No shell could be started: this machine is out of processes or memory.");
    this.pid = this.#child.pid;
    this.startTicks = startTicks(this.pid) ?? "";
    this.exited = new Promise((done) => this.#child.once("exit", () => done()));
    // A runner may end while the phase goes on; who waits for it stays.
    this.#child.unref();
    for (const input of this.#inputs) {
      (input as Writable & { unref(): void }).unref();
      // A shell that was killed reads nothing more: its exit says so.
      input.on("error", () => undefined);
    }
  }

  /** `line`: what it does, as one line. `options`: what it finds on descriptor 3. With `more`, another line follows. */
  tell(line: string, options: string, more = false): void {
    this.#told = true;
    this.#waits = more;
    const [commands, descriptor] = this.#inputs;
    descriptor.end(options, () => descriptor.destroy());
    if (more) commands.write(`${line}\n`);
    else commands.end(`${line}\n`);
  }

  /** The last line that it waits for. */
  answer(line: string): void {
    this.#waits = false;
    this.#inputs[0].end(`${line}\n`);
  }

  /** Ends one that was told nothing, or that waits for its last line. */
  dismiss(): void {
    for (const input of this.#inputs) input.destroy();
  }

  /** Ends one that was told nothing; one that waits for its last line does not get it. */
  abandon(): void {
    if (!this.#told || this.#waits) this.dismiss();
  }

  get #inputs(): [Writable, Writable] {
    return [this.#child.stdio[0], this.#child.stdio[3]] as [Writable, Writable];
  }
}
