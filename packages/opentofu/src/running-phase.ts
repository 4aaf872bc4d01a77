import { watch } from "node:fs";
import { open, readFile, readlink } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { limitHit, pidsIn, removeCgroups } from "./cgroups.ts";
import { bootId, childrenOf, commandLine, innermostPid, signal, startTicks, wholeTree } from "./processes.ts";
import type { Phase, PhaseExit, PhaseFacts } from "./types.ts";

/** How often a phase that is not our own child is looked at, where the file watcher says nothing. */
const POLL_MS = 200;
/** The start of a sandbox takes milliseconds; a signal waits this long at most for its payload to be there. */
const STARTING_MS = 3_000;
const SWEEPS = 20;

/** A handle on a phase, own child or found again. Everything it knows stands in the phase's folder. */
export class RunningPhase implements Phase {
  readonly facts: PhaseFacts;
  readonly files: Phase["files"];
  readonly #folder: string;
  readonly #ended: (() => Promise<void>) | null;
  #exit: Promise<PhaseExit> | undefined;

  /** `ended` answers when the shell is gone, where it is our own child. */
  constructor(folder: string, facts: PhaseFacts, ended: (() => Promise<void>) | null) {
    this.#folder = folder;
    this.facts = facts;
    this.#ended = ended;
    this.files = { stdout: join(folder, "stdout"), stderr: join(folder, "stderr") };
  }

  wait(): Promise<PhaseExit> {
    this.#exit ??= this.#waited();
    return this.#exit;
  }

  async #waited(): Promise<PhaseExit> {
    await (this.#ended?.() ?? this.#watched());
    // No status although the shell is gone: it was killed, or the machine went down.
    const left = await this.#left();
    // Without bubblewrap a provisioner's background children go on. With it, `--die-with-parent` has a gap at the very start.
    if (this.facts.sandbox === "none") await this.#sweep(-1);
    else if (left === null) await this.#endNamespace();
    const exit = left ?? { code: 137, signal: "SIGKILL" };
    const limit = exit.code === 0 ? null : limitHit(this.#cgroups);
    await removeCgroups(this.#cgroups);
    return limit ? { ...exit, limit } : exit;
  }

  async #watched(): Promise<void> {
    // A watcher tells at once; the poll finds what no file says, a shell that was killed.
    let wake = () => {};
    const watcher = watch(this.#folder, () => wake()).on("error", () => undefined);
    try {
      while (await this.alive()) {
        const changed = new AbortController();
        wake = () => changed.abort();
        if ((await this.#left()) === null) await sleep(POLL_MS, undefined, { signal: changed.signal }).catch(() => undefined);
      }
    } finally {
      watcher.close();
    }
  }

  async #left(): Promise<PhaseExit | null> {
    const text = await readFile(join(this.#folder, "exit"), "utf8").catch(() => null);
    // Empty while the phase goes on; the line's end is what makes it whole.
    if (!text?.endsWith("\n")) return null;
    const code = Number(text.trim());
    return { code, signal: code > 128 ? (signalNames.get(code - 128) ?? null) : null };
  }

  get #cgroups(): readonly string[] {
    return this.facts.cgroups ?? [];
  }

  async alive(): Promise<boolean> {
    const { pid, startTicks: began, bootId: boot } = this.facts;
    return began !== "" && (await this.#left()) === null && bootId() === boot && startTicks(pid) === began;
  }

  async interrupt(): Promise<boolean> {
    const payload = await this.#payload();
    if (payload === null) return false;
    // Rule 6: a second SIGINT loses state. The mark outlives this process; only who makes it sends.
    const mark = await open(join(this.#folder, "interrupted"), "wx", 0o600).catch(() => null);
    await mark?.close();
    return mark !== null && (await this.alive()) && signal(payload, "SIGINT");
  }

  async kill(): Promise<void> {
    if (!(await this.alive())) return;
    if (this.facts.sandbox === "none") return this.#sweep(this.facts.pid);
    // Before there is a namespace there is nothing but bwrap.
    const init = await this.#started(() => this.#namespaceInit());
    if (init === null && (await this.alive())) signal(-this.facts.pid, "SIGKILL");
    else await this.#endNamespace();
  }

  /** SIGKILL to init of the pid namespace: everything inside goes with it, whatever session it made for itself. */
  async #endNamespace(): Promise<void> {
    const init = await this.#namespaceInit();
    if (init !== null) signal(init, "SIGKILL");
  }

  /** Ends what is below `root` or carries the phase's mark, in rounds: between being listed and being stopped a process may fork. */
  async #sweep(root: number): Promise<void> {
    if (bootId() !== this.facts.bootId) return;
    for (let round = 0; round < SWEEPS; round++) {
      const pids = [...wholeTree(root, this.facts.marker), ...pidsIn(this.#cgroups)].filter((pid) => pid !== this.facts.pid);
      if (pids.length === 0) return;
      for (const pid of pids) signal(pid, "SIGSTOP");
      for (const pid of pids) signal(pid, "SIGKILL");
    }
  }

  /** The process that bwrap named, if it is still in the very namespace that bwrap named. */
  async #namespaceInit(): Promise<number | null> {
    const status = await readFile(join(this.#folder, "status"), "utf8").catch(() => "");
    const pid = /"child-pid":\s*(\d+)/.exec(status)?.[1];
    const namespace = /"pid-namespace":\s*(\d+)/.exec(status)?.[1];
    if (!pid || !namespace || bootId() !== this.facts.bootId) return null;
    const link = await readlink(`/proc/${pid}/ns/pid`).catch(() => "");
    return link === `pid:[${namespace}]` ? Number(pid) : null;
  }

  /** Resolves when the tool itself runs; false where it ended before, or never came. */
  async begun(): Promise<boolean> {
    return (await this.#payload()) !== null;
  }

  async #payload(): Promise<number | null> {
    return this.#started(async () => {
      if (this.facts.sandbox === "none") return this.#tool(await childrenOf(this.facts.pid));
      const init = await this.#namespaceInit();
      if (init === null) return null;
      for (const child of await childrenOf(init)) if ((await innermostPid(child)) === 2) return this.#tool([child]);
      return null;
    });
  }

  async #tool(pids: number[]): Promise<number | null> {
    for (const pid of pids) if (await this.#executed(pid)) return pid;
    return null;
  }

  /** Between fork and the last exec the payload is still a shell, bwrap or setpriv, which a SIGINT would end before the tool exists. */
  async #executed(pid: number): Promise<boolean> {
    const [own, shell] = await Promise.all([commandLine(pid), commandLine(this.facts.pid)]);
    return own !== "" && own !== shell && !/^([^\0]*\/)?(bwrap|setpriv)\0/.test(own);
  }

  async #started<T>(find: () => Promise<T | null>): Promise<T | null> {
    for (let waited = 0; waited < STARTING_MS; waited += 10) {
      const found = await find();
      if (found !== null || !(await this.alive())) return found;
      await sleep(10);
    }
    return null;
  }
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
