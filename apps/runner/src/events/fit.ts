import type { Diagnostic } from "@takosumi/contracts/deploy/plan";
import { logEventBytes, type RunnerEvent } from "@takosumi/contracts/runner/events";
import { redactJson } from "@takosumi/redact/json";

/** Never inside a surrogate pair: half of one is no valid text in JSON, nor in PostgreSQL. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

export const fitDiagnostic = (given: Diagnostic): Diagnostic => ({
  severity: given.severity,
  summary: clip(given.summary, 4_000),
  detail: clip(given.detail, 16_000),
  address: given.address && clip(given.address, 2_000),
  file: given.file && clip(given.file, 1_000),
  line: given.line,
  snippet: given.snippet && clip(given.snippet, 8_000),
});

/** NUL is no text in PostgreSQL, and what a module reads may hold it: nothing that a tool says is refused for that. */
export const withoutNul = <T>(value: T): T => redactJson(value, (text) => text.replaceAll("\0", "\ufffd")) as T;

/** Cuts what the contract limits, after redaction has made it longer. A log becomes several. */
export function fit(event: RunnerEvent): RunnerEvent[] {
  if (event.type === "log")
    return pieces(event.text.replaceAll("\0", "\ufffd")).map((text) => ({
      ...event,
      text,
      ...(!text.endsWith("\n") && { partial: true }),
    }));
  return [withoutNul(cut(event))];
}

function cut(event: RunnerEvent): RunnerEvent {
  if (event.type === "diagnostic") return { ...event, diagnostic: fitDiagnostic(event.diagnostic) };
  if (event.type === "resource")
    return { ...event, address: clip(event.address, 2_000), action: clip(event.action, 32), id: event.id && clip(event.id, 2_000) };
  return event;
}

/** Cuts after a line where there is one, and never inside a character. */
function pieces(text: string): string[] {
  const bytes = Buffer.from(text);
  if (bytes.length <= logEventBytes) return [text];
  const made: string[] = [];
  let from = 0;
  while (bytes.length - from > logEventBytes) {
    let end = bytes.lastIndexOf(10, from + logEventBytes - 1) + 1;
    if (end <= from) for (end = from + logEventBytes; ((bytes[end] ?? 0) & 0xc0) === 0x80; ) end--;
    made.push(bytes.toString("utf8", from, end));
    from = end;
  }
  made.push(bytes.toString("utf8", from));
  return made;
}
