import type { OutputEvent, ResourceAction, ResourceState, ToolDiagnostic, ToolEvent } from "./types.ts";

type Json = Record<string, unknown>;

/** One line of the JSON stream. What is no JSON or of no known type is a log: nothing the tool says is lost. */
export function parseEvent(line: string): ToolEvent {
  const printed = line.endsWith(PRINTED) ? printedLine(line) : null;
  if (printed) return printed;
  let message: Json;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return plain(line);
    message = value as Json;
  } catch {
    return plain(line);
  }
  const at = isoTime(message["@timestamp"]);
  const text = words(message["@message"]);
  // Before any type is looked at: the dump calls itself a log, and the human output holds it without any wrapping.
  if (typeof message.lineage === "string" && "serial" in message) return { type: "state_dump", state: line };
  if ("state" in message || text === "Emergency state dump") return { type: "state_dump", state: dumped(message.state) };
  const kind = words(message.type);
  return typed(kind, message, text, at) ?? { type: "log", level: level(message["@level"]), text, at };
}

const PRINTED = ',"type":"provision_progress"}';
const MESSAGE = '{"@level":"info","@message":';
const ADDRESS = ',"hook":{"resource":{"addr":';

/** What a provisioner prints, by the parts that count: a module may print a million lines. Null where the line looks otherwise: it is parsed. */
function printedLine(line: string): ToolEvent | null {
  // A quote inside of a text is escaped: the first that is not ends it.
  const text = line.startsWith(MESSAGE) ? stringAt(line, MESSAGE.length, ',"@module":') : null;
  const at = line.indexOf(ADDRESS);
  const address = at < 0 ? null : stringAt(line, at + ADDRESS.length, ',"module":');
  if (text === null || address === null) return null;
  return { type: "provisioner", address, state: "progress", text, at: null };
}

/** The JSON text that begins there and is followed by `next`. */
function stringAt(line: string, start: number, next: string): string | null {
  const end = line.indexOf(`"${next}`, start + 1);
  if (line[start] !== '"' || end < 0) return null;
  const inner = line.slice(start + 1, end);
  try {
    return inner.includes("\\") ? (JSON.parse(`"${inner}"`) as string) : inner;
  } catch {
    return null;
  }
}

function typed(kind: string, message: Json, text: string, at: string | null): ToolEvent | null {
  const hook = record(message.hook);
  const step = stepOf(kind);
  if (step) return resource(hook, step, text, at);
  switch (kind) {
    case "planned_change":
      return resource(record(message.change), "planned", text, at);
    case "resource_drift":
      return { type: "drift", ...subject(record(message.change)), text, at };
    case "refresh_start":
    case "refresh_complete":
      return { type: "refresh", address: subject(hook).address, state: kind === "refresh_start" ? "started" : "completed", text, at };
    case "provision_start":
    case "provision_progress":
    case "provision_complete":
    case "provision_errored":
      return {
        type: "provisioner",
        address: subject(hook).address,
        state: provisionState[kind],
        text,
        at,
      };
    case "diagnostic":
      return { type: "diagnostic", ...diagnostic(record(message.diagnostic)), at };
    case "outputs":
      return { type: "outputs", outputs: outputs(record(message.outputs)), at };
    case "change_summary":
      return { type: "summary", ...counts(record(message.changes)), text, at };
    case "version":
      return "tofu" in message
        ? { type: "version", tool: "opentofu", version: words(message.tofu), at }
        : { type: "version", tool: "terraform", version: words(message.terraform), at };
    default:
      return null;
  }
}

const provisionState = {
  provision_start: "started",
  provision_progress: "progress",
  provision_complete: "completed",
  provision_errored: "errored",
} as const;

/** `apply_start`, and the same four of `ephemeral_op_`. */
function stepOf(kind: string): ResourceState | null {
  const step = /^(?:apply|ephemeral_op|ephemeral)_(start|progress|complete|errored)$/.exec(kind)?.[1];
  return step === undefined
    ? null
    : ({ start: "started", progress: "progress", complete: "completed", errored: "errored" } as const)[step as "start"];
}

function resource(hook: Json, state: ResourceState, text: string, at: string | null): ToolEvent {
  const id = typeof hook.id_value === "string" && hook.id_value !== "" ? hook.id_value : null;
  const elapsed = typeof hook.elapsed_seconds === "number" ? hook.elapsed_seconds : null;
  return { type: "resource", ...subject(hook), state, id, elapsed_s: elapsed, text, at };
}

const ACTIONS: Record<string, ResourceAction> = { noop: "no-op", remove: "forget" };
const KNOWN = new Set<string>([
  "create",
  "update",
  "delete",
  "replace",
  "read",
  "no-op",
  "import",
  "forget",
  "move",
  "open",
  "renew",
  "close",
]);

function subject(hook: Json): { address: string; action: ResourceAction } {
  const action = words(hook.action);
  return {
    address: words(record(hook.resource).addr),
    action: ACTIONS[action] ?? (KNOWN.has(action) ? (action as ResourceAction) : "unknown"),
  };
}

/** Also for the diagnostics of `validate -json` and `init -json`, which have the same shape. */
export function diagnostic(value: Json): ToolDiagnostic {
  const range = record(value.range);
  const start = record(range.start);
  return {
    severity: value.severity === "warning" ? "warning" : "error",
    summary: words(value.summary),
    detail: words(value.detail),
    address: textOrNull(value.address),
    file: textOrNull(range.filename),
    line: numberOrNull(start.line),
    column: numberOrNull(start.column),
    snippet: textOrNull(record(value.snippet).code),
  };
}

function outputs(value: Json): Record<string, OutputEvent> {
  const entries = Object.entries(value).map(([name, raw]): [string, OutputEvent] => {
    const output = record(raw);
    const sensitive = output.sensitive === true;
    return [
      name,
      { type: output.type ?? null, value: sensitive ? null : (output.value ?? null), sensitive, action: textOrNull(output.action) },
    ];
  });
  return Object.fromEntries(entries);
}

function counts(
  changes: Json,
): Pick<Extract<ToolEvent, { type: "summary" }>, "operation" | "add" | "change" | "remove" | "import" | "forget"> {
  const count = (name: string) => numberOrNull(changes[name]) ?? 0;
  const operation = changes.operation === "apply" || changes.operation === "destroy" ? changes.operation : "plan";
  return {
    operation,
    add: count("add"),
    change: count("change"),
    remove: count("remove"),
    import: count("import"),
    forget: count("forget"),
  };
}

function plain(line: string): ToolEvent {
  return { type: "log", level: "info", text: line, at: null };
}

function dumped(state: unknown): string {
  return typeof state === "string" ? state : JSON.stringify(state ?? null);
}

function level(value: unknown): "debug" | "info" | "warn" | "error" {
  return value === "error" || value === "warn" || value === "debug" ? value : value === "trace" ? "debug" : "info";
}

function isoTime(value: unknown): string | null {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function record(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}
function words(value: unknown): string {
  return typeof value === "string" ? value : "";
}
function textOrNull(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
