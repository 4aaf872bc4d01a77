import type { Spawned } from "@takosumi/testkit/process";

/** One of our processes: killed, stopped and started again by its pid, always in the same environment. */
export class Part {
  readonly name: string;
  readonly #spawn: () => Spawned;
  readonly #ready: string;
  #now: Spawned | null = null;

  /** `ready` is what it logs once it serves. */
  constructor(name: string, ready: string, spawn: () => Spawned) {
    this.name = name;
    this.#ready = ready;
    this.#spawn = spawn;
  }

  /** Resolves once it serves. Rejects with its output where it ends before. */
  async start(): Promise<void> {
    this.#now = this.#spawn();
    await this.#now.line(this.#ready);
  }

  /** The process that is, or was. */
  get process(): Spawned {
    if (!this.#now) throw new Error(`${this.name} was never started`);
    return this.#now;
  }

  /** Sends a signal and does not wait: SIGSTOP and SIGCONT leave it there. */
  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Ends it, and resolves once it is gone. */
  async kill(name: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (!this.#now) return;
    // A stopped process takes no other signal than SIGKILL.
    this.#now.kill("SIGCONT");
    this.#now.kill(name);
    await this.#now.exited;
  }

  async again(): Promise<void> {
    await this.kill();
    await this.start();
  }
}
