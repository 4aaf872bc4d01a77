import type { Diagnostic, Summary } from "@takosumi/contracts/deploy/plan";
import type { StateFile } from "@takosumi/contracts/deploy/state-file";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import type { ToolEvent } from "@takosumi/opentofu/types";
import { fitDiagnostic } from "./fit.ts";

const MOST_DIAGNOSTICS = 200;

/** What a phase's events said, taken together. */
export class Seen {
  readonly diagnostics: Diagnostic[] = [];
  /** The tool's own count, where it got to its end. */
  summary: Summary | null = null;
  /** What the tool says of the outputs: a state that it encrypts does not. */
  outputs: StateFile["outputs"] = [];
  /** Rule 4: the whole state, which the tool could not save. */
  dump: Buffer | null = null;
  /** Resources whose change began. */
  started: number;
  #counted: Summary = { add: 0, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };

  constructor(started = 0) {
    this.started = started;
  }

  take(event: ToolEvent): void {
    if (event.type === "diagnostic") {
      if (this.diagnostics.length < MOST_DIAGNOSTICS) this.diagnostics.push(diagnosticOf(event));
    } else if (event.type === "summary" && event.operation !== "plan") {
      const { add, change, remove, import: imported, forget } = event;
      this.summary = { add, change, destroy: remove, import: imported, move: 0, forget };
    } else if (event.type === "outputs")
      this.outputs = Object.entries(event.outputs).map(([name, { type, value, sensitive }]) => ({ name, type, value, sensitive }));
    else if (event.type === "state_dump") this.dump = Buffer.from(event.state, "utf8");
    else if (event.type === "resource") this.#count(event);
  }

  /** Counted from the resources that were completed, where the tool did not get to its own count. */
  get changes(): Summary {
    return this.summary ?? this.#counted;
  }

  /** The tool said that a state was not written. */
  get unsaved(): boolean {
    return this.diagnostics.some(
      ({ severity, summary }) => severity === "error" && /^Failed to (save|persist|write|create) (the )?(local )?state/i.test(summary),
    );
  }

  #count({ state, action }: Extract<ToolEvent, { type: "resource" }>): void {
    if (state === "started" && action !== "read") this.started++;
    if (state !== "completed") return;
    const name = ({ create: "add", update: "change", delete: "destroy", import: "import", forget: "forget" } as const)[action as "create"];
    if (name) this.#counted = { ...this.#counted, [name]: this.#counted[name] + 1 };
  }
}

const diagnosticOf = ({
  severity,
  summary,
  detail,
  address,
  file,
  line,
  snippet,
}: Extract<ToolEvent, { type: "diagnostic" }>): Diagnostic => fitDiagnostic({ severity, summary, detail, address, file, line, snippet });

/** What of a tool's event goes into the Run's log; null for what its human text says already. An apply does not plan again. */
export function runnerEvent(event: ToolEvent, phase: string, now: string): RunnerEvent | null {
  if (event.type === "diagnostic") return { type: "diagnostic", at: event.at ?? now, diagnostic: diagnosticOf(event) };
  if (event.type !== "resource" || (event.state === "planned" && phase !== "plan")) return null;
  const { address, action, state, id, elapsed_s } = event;
  return { type: "resource", at: event.at ?? now, address, action, state, id, elapsed_seconds: elapsed_s };
}
