import type { ChangeValues } from "./plan-json.ts";
import type { AttributeChange } from "./types.ts";

export const MOST_ATTRIBUTES = 200;
const MOST_VALUE_BYTES = 4_096;
/** Deeper than any provider's schema; below it a value is one leaf. */
const DEEPEST = 24;

/** What is left to be sent of all values of a plan; shared by its resources. */
export type Budget = { bytes: number };

type Sides = { before: unknown; after: unknown; unknown: unknown; beforeMask: unknown; afterMask: unknown };

/** Both sides of a change, with their masks. */
export const sidesOf = (change: ChangeValues): Sides => ({
  before: change.before,
  after: change.after,
  unknown: change.after_unknown,
  beforeMask: change.before_sensitive,
  afterMask: change.after_sensitive,
});

/**
 * The leaves that differ, by path. A leaf that is masked on either side, or above it, shows neither value: only that it is
 * sensitive. `truncated` = there were more than 200, or the plan's budget was spent.
 */
export function attributeChanges(change: ChangeValues, budget: Budget): { attributes: AttributeChange[]; truncated: boolean } {
  const replaced = new Set((change.replace_paths ?? []).map(pathText));
  const attributes: AttributeChange[] = [];
  let truncated = false;
  for (const leaf of differing(sidesOf(change), [], replaced, false)) {
    if (attributes.length >= MOST_ATTRIBUTES || budget.bytes <= 0) {
      truncated = true;
      break;
    }
    budget.bytes -= leaf.path.length + size(leaf.before) + size(leaf.after) + 100;
    attributes.push(leaf);
  }
  return { attributes, truncated };
}

/** A leaf as the wire shows it, masked and cut; also for whole outputs. */
export function shownLeaf(path: string, sides: Sides, forces: boolean): AttributeChange {
  const sensitive = masked(sides.beforeMask) || masked(sides.afterMask);
  const unknown = sides.unknown === true || containsTrue(sides.unknown);
  const before = sensitive ? cut(null) : cut(sides.before);
  const after = sensitive || sides.unknown === true ? cut(null) : cut(sides.after);
  return {
    path,
    before: before.value,
    after: after.value,
    sensitive,
    unknown,
    forces_replacement: forces,
    truncated: before.truncated || after.truncated,
  };
}

function* differing(sides: Sides, path: (string | number)[], replaced: Set<string>, above: boolean): Generator<AttributeChange> {
  const text = pathText(path);
  const forces = above || replaced.has(text);
  // A mask or an unknown at this very node covers all below it.
  const whole = sides.beforeMask === true || sides.afterMask === true || sides.unknown === true || path.length >= DEEPEST;
  const keys = whole ? null : childKeys(sides);
  if (keys === null || (keys.length === 0 && path.length > 0)) {
    if (path.length > 0 && (sides.unknown === true || !same(sides.before, sides.after))) yield shownLeaf(text, sides, forces);
    // A resource that is masked as a whole still says that it is.
    else if (path.length === 0 && whole) yield shownLeaf("", sides, forces);
    return;
  }
  for (const key of keys) {
    const below = {
      before: child(sides.before, key),
      after: child(sides.after, key),
      unknown: child(sides.unknown, key),
      beforeMask: child(sides.beforeMask, key),
      afterMask: child(sides.afterMask, key),
    };
    yield* differing(below, [...path, key], replaced, forces);
  }
}

/** The keys of both sides together where what is there is all lists or all objects; null for a leaf. */
function childKeys({ before, after, unknown }: Sides): (string | number)[] | null {
  const values: unknown[] = [before, after].filter((value) => value !== null && value !== undefined);
  if (containsTrue(unknown)) values.push(unknown);
  if (values.length === 0) return null;
  if (values.every((value) => Array.isArray(value))) return [...Array(Math.max(...values.map((list) => list.length))).keys()];
  if (values.every((value) => typeof value === "object" && !Array.isArray(value)))
    return [...new Set(values.flatMap((value) => Object.keys(value as object)))];
  return null;
}

function child(value: unknown, key: string | number): unknown {
  if (value === true) return true;
  if (typeof value !== "object" || value === null) return undefined;
  return Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined;
}

/** True where the mask covers the value or any part of it: a leaf is never split. */
function masked(mask: unknown): boolean {
  return mask === true || containsTrue(mask);
}

function containsTrue(value: unknown): boolean {
  if (value === true) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(containsTrue);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
}

function cut(value: unknown): { value: unknown; truncated: boolean } {
  if (value === undefined || value === null) return { value: null, truncated: false };
  if (typeof value === "string") {
    return value.length > MOST_VALUE_BYTES
      ? { value: value.slice(0, MOST_VALUE_BYTES).toWellFormed(), truncated: true }
      : { value, truncated: false };
  }
  const text = JSON.stringify(value);
  // Half of a structure is no structure: it is left out.
  return text.length > MOST_VALUE_BYTES ? { value: null, truncated: true } : { value, truncated: false };
}

function size(value: unknown): number {
  return typeof value === "string" ? value.length : 8;
}

/** `network[0].name`; a key that is no plain word stands in brackets and quotes. */
export function pathText(path: (string | number)[]): string {
  return path
    .map((part, at) => {
      if (typeof part === "number") return `[${part}]`;
      if (!/^[A-Za-z_][\w-]*$/.test(part)) return `[${JSON.stringify(part)}]`;
      return at === 0 ? part : `.${part}`;
    })
    .join("");
}
