import type { Automaton, Cursor } from "./automaton.ts";
import { addMatches, nothingSeen, positionOf, type Range } from "./ranges.ts";

/** The patterns in force and what each becomes. Replaced as a whole when secrets are added. */
export interface Rules {
  readonly automaton: Automaton;
  readonly replacements: readonly string[];
  /** Called with the number of replacements made. */
  readonly counted: (replacements: number) => void;
}

/** Redacts text that comes in pieces, cut anywhere. Holds back only what may still become part of a match. */
export class RedactingStream {
  readonly #rules: () => Rules;
  #scannedBy: Rules;
  #cursor: Cursor = { node: 0, breaks: 0 };
  #held = "";
  /** Positions in `#held`. */
  #breaks: number[] = [];
  #ranges: Range[] = [];

  constructor(rules: () => Rules) {
    this.#rules = rules;
    this.#scannedBy = rules();
  }

  /** Takes the next piece; returns what is safe to pass on. */
  write(chunk: string): string {
    this.#scan(chunk);
    const { automaton } = this.#scannedBy;
    const units = this.#held.length - this.#breaks.length - automaton.openOf(this.#cursor.node);
    const safe = positionOf(units, this.#breaks);
    // Never cuts a character in two.
    const halved = safe > 0 && (this.#held.charCodeAt(safe - 1) & 0xfc00) === 0xd800;
    return this.#release(halved ? safe - 1 : safe);
  }

  /** Returns what was held back. The stream may be used again from the start. */
  end(): string {
    this.#scan("");
    const rest = this.#release(this.#held.length);
    this.#cursor = { node: 0, breaks: 0 };
    this.#ranges = [];
    return rest;
  }

  #scan(chunk: string): void {
    const rules = this.#rules();
    let from = this.#held.length;
    if (rules !== this.#scannedBy) {
      // New patterns may begin in what is held.
      this.#scannedBy = rules;
      this.#cursor = { node: 0, breaks: 0 };
      this.#breaks = [];
      this.#ranges = this.#ranges.filter(({ announced }) => announced);
      from = 0;
    }
    this.#held += chunk;
    const seen = nothingSeen(this.#breaks);
    rules.automaton.scan(this.#held, from, this.#cursor, seen);
    addMatches(this.#ranges, seen, rules.automaton);
  }

  #release(safe: number): string {
    if (safe === 0) return "";
    const { replacements, counted } = this.#scannedBy;
    const text = this.#held;
    let written = "";
    let at = 0;
    let made = 0;
    const pending: Range[] = [];
    for (const range of this.#ranges) {
      if (range.start >= safe && !range.announced) {
        pending.push({ ...range, start: range.start - safe, end: range.end - safe });
        continue;
      }
      written += text.slice(at, range.start);
      if (!range.announced) {
        written += replacements[range.label];
        made += 1;
      }
      at = Math.min(range.end, safe);
      if (range.end > safe) pending.push({ start: 0, end: range.end - safe, label: range.label, announced: true });
    }
    this.#held = text.slice(safe);
    this.#breaks = this.#breaks.filter((position) => position >= safe).map((position) => position - safe);
    this.#ranges = pending;
    if (made > 0) counted(made);
    return written + text.slice(at, safe);
  }
}

/**
 * Where a text that goes on may be cut so that no match is cut, whatever follows: both halves may then be redacted each on its own. Never
 * inside a character; behind it stands at most the longest pattern.
 */
export function safeCut(text: string, { automaton }: Rules): number {
  const seen = nothingSeen();
  const cursor = { node: 0, breaks: 0 };
  automaton.scan(text, 0, cursor, seen);
  const ranges: Range[] = [];
  addMatches(ranges, seen, automaton);
  let cut = positionOf(text.length - seen.breaks.length - automaton.openOf(cursor.node), seen.breaks);
  for (const { start, end } of ranges) if (start < cut && end > cut) cut = start;
  return cut > 0 && (text.charCodeAt(cut - 1) & 0xfc00) === 0xd800 ? cut - 1 : cut;
}

/** Redacts one complete text; the very same string where nothing is in it. */
export function redactText(text: string, { automaton, replacements, counted }: Rules): string {
  const seen = nothingSeen();
  automaton.scan(text, 0, { node: 0, breaks: 0 }, seen);
  if (seen.ends.length === 0) return text;
  const ranges: Range[] = [];
  addMatches(ranges, seen, automaton);
  counted(ranges.length);
  let written = "";
  let at = 0;
  for (const { start, end, label } of ranges) {
    written += text.slice(at, start) + replacements[label];
    at = end;
  }
  return written + text.slice(at);
}
