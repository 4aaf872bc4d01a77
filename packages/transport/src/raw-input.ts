import type { Stray } from "@takosumi/contracts/input";

const maxDepth = 64;
const maxStrays = 20;

/**
 * Refuses what no field may hold, wherever it stands: U+0000 and broken surrogate pairs (PostgreSQL takes neither), keys called
 * `__proto__`, and nesting that a recursion could fall over. Runs before the schema, on what came over the wire.
 */
export function refuseUnsafe(value: unknown, strays: Stray[], path = "", depth = 0): void {
  if (strays.length >= maxStrays) return;
  if (typeof value === "string") {
    if (value.includes("\0")) strays.push({ path, message: "contains the character U+0000" });
    else if (!value.isWellFormed()) strays.push({ path, message: "contains half of a surrogate pair" });
    return;
  }
  if (typeof value !== "object" || value === null) return;
  if (depth >= maxDepth) {
    strays.push({ path: shortened(path), message: `is nested more than ${maxDepth} levels deep` });
    return;
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) refuseUnsafe(value[i], strays, below(path, String(i)), depth + 1);
    return;
  }
  for (const key of Object.keys(value)) {
    const here = below(path, key);
    if (key === "__proto__") strays.push({ path: here, message: "is not a name that may be used" });
    else if (key.includes("\0") || !key.isWellFormed()) strays.push({ path, message: "has a key that is not well-formed text" });
    else refuseUnsafe((value as Record<string, unknown>)[key], strays, here, depth + 1);
  }
}

const below = (path: string, key: string): string => (path ? `${path}.${key}` : key);
const shortened = (path: string): string => (path.length > 80 ? `${path.slice(0, 80)}…` : path);
