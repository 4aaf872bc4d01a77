import { BARE } from "./shell.ts";
import { type StartedShell, startShell } from "./started-shell.ts";

const QUIET_MS = 400;

/** Shells that were started while there was nothing to do. There may be none: then one is started as it is needed. */
export class SpareShells {
  readonly #most: number;
  readonly #shells: StartedShell[] = [];
  #closed = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(most: number) {
    this.#most = most;
    this.#later();
  }

  /** Pids of those that wait. */
  get waiting(): number[] {
    return this.#shells.filter(({ spare }) => spare).map(({ pid }) => pid);
  }

  async take(): Promise<StartedShell> {
    let shell = this.#shells.shift();
    while (shell && !shell.spare) shell = this.#shells.shift();
    const taken = shell ?? (await startShell(BARE));
    void taken.exited.then(() => this.#later());
    this.#later();
    return taken;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    for (const shell of this.#shells.splice(0)) shell.dismiss();
  }

  /** One at a time, after a while in which nothing was taken or ended: whoever does needs the processor more. */
  #later(): void {
    if (this.#closed) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#shells.length >= this.#most) return;
      // None can be made now: the next one that ends tries again, and whoever needs one meanwhile hears why.
      startShell(BARE).then(
        (shell) => this.#keep(shell),
        () => undefined,
      );
    }, QUIET_MS).unref();
  }

  #keep(shell: StartedShell): void {
    if (this.#closed) return shell.dismiss();
    this.#shells.push(shell);
    this.#later();
  }
}
