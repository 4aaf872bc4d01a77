import { redactJson } from "./json.ts";
import { buildRules, type Limits, type NamedSecret } from "./rules.ts";
import { RedactingStream, redactText, safeCut } from "./stream.ts";

export interface TextStream {
  /** Takes a piece, cut anywhere; returns what can be passed on. At most the longest pattern is held back. */
  write(chunk: string): string;
  /** Returns the rest. */
  end(): string;
}

/** Hides secrets in text: each becomes `[redacted NAME]`, in whatever common form it stands there. */
export interface Redactor {
  /** One complete text. */
  text(value: string): string;
  /** A JSON value: every string, key, and number. */
  json(value: unknown): unknown;
  stream(): TextStream;
  /** Where a text that goes on may be cut, so that what stands before it can be redacted without what follows. */
  cut(text: string): number;
  /** Hides more from now on, also in streams already open. Rebuilds all patterns: give many at once. */
  add(secrets: readonly NamedSecret[]): void;
  /** Replacements made so far. */
  readonly redactions: number;
  /** Secrets looked for in fewer forms because all together are too large. */
  readonly narrowed: number;
}

const defaults: Limits = { secrets: 10_000, units: 2 * 1024 * 1024 };

/** Throws RedactionLimitError where there is more to hide than the limits allow, and hides nothing then. */
export function createRedactor(secrets: readonly NamedSecret[], options: Partial<Limits> = {}): Redactor {
  const limits = { ...defaults, ...options };
  let redactions = 0;
  const counted = (made: number) => {
    redactions += made;
  };
  let all = distinct(secrets);
  let rules = buildRules(all, limits, counted);
  const text = (value: string) => redactText(value, rules);
  return {
    text,
    json: (value) => redactJson(value, text),
    stream: () => new RedactingStream(() => rules),
    cut: (value) => safeCut(value, rules),
    add(more) {
      const grown = distinct([...all, ...more]);
      if (grown.length === all.length) return;
      rules = buildRules(grown, limits, counted);
      all = grown;
    },
    get redactions() {
      return redactions;
    },
    get narrowed() {
      return rules.narrowed;
    },
  };
}

/** The first of each value. */
function distinct(secrets: readonly NamedSecret[]): NamedSecret[] {
  const byValue = new Map<string, NamedSecret>();
  for (const secret of secrets) if (!byValue.has(secret.value)) byValue.set(secret.value, secret);
  return [...byValue.values()];
}
