/** Deeper values are replaced as a whole. */
const maxDepth = 200;

/** A JSON value with `text` applied to every string, every key, and every number as it is written. */
export function redactJson(value: unknown, text: (value: string) => string, depth = 0): unknown {
  if (typeof value === "string") return text(value);
  if (typeof value === "number" || typeof value === "bigint") {
    const written = String(value);
    const redacted = text(written);
    return redacted === written ? value : redacted;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth === maxDepth) return "[redacted]";
  if (Array.isArray(value)) return value.map((item) => redactJson(item, text, depth + 1));
  const entries = new Map<string, unknown>();
  for (const [key, item] of Object.entries(value)) entries.set(unused(text(key), entries), redactJson(item, text, depth + 1));
  return Object.fromEntries(entries);
}

/** Two keys that become the same text both stay. */
function unused(key: string, entries: ReadonlyMap<string, unknown>): string {
  let name = key;
  for (let count = 2; entries.has(name); count += 1) name = `${key} (${count})`;
  return name;
}
