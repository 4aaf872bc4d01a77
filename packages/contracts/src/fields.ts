import { z } from "zod";
import type { Entity } from "./access.ts";
import { exampleEnd, type Named, prefixes } from "./ids.ts";

export const opaqueId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, "is not an id: letters, digits, _ and -, at most 128");
export const timestamp = z.iso.datetime();

const years = [1, 9999] as const;
/** A time that people say, at any offset. PostgreSQL does not read every one that ISO 8601 has: hand it over as a Date. */
export const instant = z.iso.datetime({ offset: true, error: "is not a time such as 2026-01-31T12:00:00Z" }).refine(
  (text) => {
    const year = new Date(text).getUTCFullYear();
    return !(year < years[0] || year > years[1]);
  },
  { error: `is not between the years ${years[0]} and ${years[1]}` },
);

/** What an entity is called in a sentence. */
export const nameOf = (entity: Entity | Named): string => entity.replace(/^(?:kept|deleted)_/, "").replace("_", " ");

/** Entities whose ids are those of another one. */
const prefixedAs: Readonly<Record<string, Named>> = { kept_capsule: "capsule", deleted_workspace: "workspace", space_token: "token" };

const ids = new Map<string, typeof opaqueId>();
/**
 * The id of something. Any opaque id passes, so that a wrong one is 404 as a missing one is; the entity stands in the schema's meta,
 * where tests and the OpenAPI document find it. A Workspace's may also be its slug, or `me`.
 */
export const idOf = (entity: Entity | Named): typeof opaqueId => {
  const known = ids.get(entity);
  if (known) return known;
  const named = prefixedAs[entity] ?? entity;
  const prefix = named in prefixes ? prefixes[named as Named] : undefined;
  const one = `The id of a ${nameOf(entity)}${prefix ? ` (\`${prefix}…\`)` : ""}`;
  const description =
    entity === "workspace"
      ? "A workspace: its id (`ws_…`), its slug, or `me`"
      : entity === "kept_capsule"
        ? `${one}, also of a deleted one`
        : one;
  const made = opaqueId.meta({ description, ...(prefix && { examples: [prefix + exampleEnd] }), "x-entity": entity });
  ids.set(entity, made);
  return made;
};

/** Where an operation says which Workspace it means; left out, it is the caller's personal one. */
export const workspaceId = idOf("workspace");
/** What `idOf` said, looked up through optional, nullable and default. */
export const entityOf = (schema: z.core.$ZodType): Entity | Named | undefined => {
  const own = z.globalRegistry.get(schema)?.["x-entity"] as Entity | Named | undefined;
  const inner = (schema._zod.def as { innerType?: z.core.$ZodType }).innerType;
  return own ?? (inner && entityOf(inner));
};

/** A number that may arrive as the text of a query. The type parameter keeps clients exact: bare `z.coerce` takes `unknown`. */
export const count = (max: number, min = 1) => z.coerce.number<number>().int().min(min).max(max);
/** A yes or no, likewise. Never `z.coerce.boolean()`: it reads "false" as true. */
export const flag = z.preprocess(
  (value: boolean | "true" | "false") => value === "true" || (value === "false" ? false : value),
  z.boolean(),
);

export const cursor = z.string().min(1).max(512);
export const paging = { limit: count(100).default(50), cursor: cursor.optional() };
export const nextCursor = {
  next_cursor: z
    .string()
    .nullable()
    .meta({ examples: [null] }),
};
/** A check of a body that says what to change: it says at least one of these. Of the whole input, which holds more than the body. */
export const saysAny =
  (...names: readonly string[]) =>
  (given: Readonly<Record<string, unknown>>): boolean =>
    names.some((name) => given[name] !== undefined);
/** The output of a 204. */
export const nothing = z.void();
/** A JSON value that nobody constrains; the body's size and depth are limited at the door. */
export const json = z.unknown();

/** Control and invisible characters (Cc, and those of Cf that hide or turn text), written out: not every client's patterns know \p. */
const unseen = String.raw`\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb`;
/** One line that a person reads: nothing in it that they do not see. */
export const visible = new RegExp(`^[^${unseen}]*$`, "u");
