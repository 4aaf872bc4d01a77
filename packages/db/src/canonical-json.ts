/**
 * A value as JSON text that is the same after a round through jsonb: keys sorted, no spaces, no undefined, and no character that PostgreSQL
 * does not keep (NUL and lone surrogates become U+FFFD).
 */
export function canonicalJson(value: unknown): string {
  const plain: unknown =
    typeof (value as { toJSON?: unknown } | null)?.toJSON === "function" ? (value as { toJSON(): unknown }).toJSON() : value;
  if (typeof plain === "string") return JSON.stringify(storable(plain));
  if (Array.isArray(plain)) return `[${plain.map((one) => canonicalJson(one ?? null)).join(",")}]`;
  if (typeof plain !== "object" || plain === null) return JSON.stringify(plain) ?? "null";
  const members = Object.entries(plain)
    .filter(([, one]) => one !== undefined)
    .map(([name, one]): [string, string] => [storable(name), canonicalJson(one)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
}

/** The text as PostgreSQL keeps it. */
export const storable = (text: string): string => text.toWellFormed().replaceAll("\0", "\ufffd");
