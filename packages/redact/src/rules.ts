import { Automaton } from "./automaton.ts";
import { type Level, levelOf, levels, patternsOf } from "./patterns.ts";
import { type Rules, redactText } from "./stream.ts";

export interface NamedSecret {
  readonly name?: string;
  readonly value: string;
}

export interface Limits {
  /** Most secrets. Default 10,000. */
  readonly secrets: number;
  /** UTF-16 units of all patterns together; each costs about 20 bytes of memory. Default 2 Mi. */
  readonly units: number;
}

/** There are more secrets than can be hidden: nothing that may hold them must pass. */
export class RedactionLimitError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RedactionLimitError";
  }
}

export interface BuiltRules extends Rules {
  /** Secrets for which fewer forms are looked for than their size alone would give, because all together are too large. */
  readonly narrowed: number;
}

const anonymous = "[redacted]";

export function buildRules(secrets: readonly NamedSecret[], limits: Limits, counted: Rules["counted"]): BuiltRules {
  if (secrets.length > limits.secrets)
    throw new RedactionLimitError(`There are ${secrets.length} secrets to hide, more than ${limits.secrets}`);
  const patterns = new Map<string, number>();
  const replacements = secrets.map(({ name }) => replacementOf(name));
  let units = 0;
  let narrowed = 0;
  const derived = secrets.map(({ value }, label) => {
    const wanted = levelOf(value);
    const { level, found } = fitting(value, wanted, limits.units - units);
    if (level !== wanted) narrowed += 1;
    for (const pattern of found) units += pattern.length;
    return [label, found] as const;
  });
  // A value keeps its own name where it is also a form of another.
  for (const [label, found] of derived) for (const pattern of firstOf(found)) setIfNew(patterns, pattern, label);
  for (const [label, found] of derived) for (const pattern of found) setIfNew(patterns, pattern, label);
  const rules = { automaton: new Automaton(patterns), replacements, counted };
  const plain = { ...rules, counted: () => {} };
  // A name that would be hidden itself is not shown.
  const shown = replacements.map((replacement) => (redactText(replacement, plain) === replacement ? replacement : anonymous));
  return { ...rules, replacements: shown, narrowed };
}

function fitting(value: string, wanted: Level, room: number): { readonly level: Level; readonly found: ReadonlySet<string> } {
  for (const level of levels.slice(levels.indexOf(wanted))) {
    const found = patternsOf(value, level);
    let units = 0;
    for (const pattern of found) units += pattern.length;
    if (units <= room) return { level, found };
  }
  throw new RedactionLimitError("The secrets to hide are too large together");
}

function* firstOf<T>(values: Iterable<T>): Generator<T> {
  for (const value of values) {
    yield value;
    return;
  }
}

function setIfNew(patterns: Map<string, number>, pattern: string, label: number): void {
  if (!patterns.has(pattern)) patterns.set(pattern, label);
}

function replacementOf(name: string | undefined): string {
  const shown = name?.replace(/[^A-Za-z0-9_.:/@-]/g, "_").slice(0, 64);
  return shown ? `[redacted ${shown}]` : anonymous;
}
