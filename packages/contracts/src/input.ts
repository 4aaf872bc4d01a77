import { z } from "zod";
import type { Entity } from "./access.ts";
import type { Fields, Operation } from "./define.ts";
import { idOf, opaqueId } from "./fields.ts";

/** "/tree/:ref/*" -> ["ref", "path"] */
export const placeholders = (path: string): string[] => [...path.matchAll(/:([A-Za-z_]+)|\*/g)].map(([, name]) => name ?? "path");
export const fieldsOf = (part: Fields | undefined): z.core.$ZodShape => part?._zod.def.shape ?? {};

/** What the placeholders of a path hold: what `params` says, else an id, of the entity that the access rule finds by it. */
export function pathFields({ path, spec }: Operation): z.core.$ZodShape {
  const named = new Map(
    spec.access.at.flatMap((place) => Object.entries(place).map(([entity, name]) => [name, entity as Entity] as const)),
  );
  const ids = placeholders(path).map((name) => [name, named.has(name) ? idOf(named.get(name) as Entity) : opaqueId] as const);
  return { ...Object.fromEntries(ids), ...fieldsOf(spec.params) };
}

/** Path, query, headers and body as one flat object: refinements kept, unknown keys refused, and no name twice. */
export function inputOf(operation: Operation): z.ZodObject {
  const { method, path, spec } = operation;
  const inPath = placeholders(path);
  const stray = Object.keys(fieldsOf(spec.params)).find((name) => !inPath.includes(name));
  if (stray) throw new Error(`${method} ${path} has no placeholder for "${stray}"`);
  const cased = Object.keys(fieldsOf(spec.headers)).find((name) => name !== name.toLowerCase());
  if (cased) throw new Error(`${method} ${path} has the header "${cased}": write it in lower case`);
  const parts = [pathFields(operation), fieldsOf(spec.query), fieldsOf(spec.headers), fieldsOf(spec.body)];
  const names = parts.flatMap(Object.keys);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice) throw new Error(`${method} ${path} has "${twice}" twice among its path, query, headers and body: rename one`);
  const checks = [spec.params, spec.query, spec.headers, spec.body].flatMap((part) => part?._zod.def.checks ?? []);
  return z.strictObject(Object.assign({}, ...parts)).check(...(checks as z.core.$ZodCheck<Record<string, unknown>>[]));
}

export interface RawRequest {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}
/** Something that stands where the operation takes nothing. */
export interface Stray {
  readonly path: string;
  readonly message: string;
}

/**
 * Reads the raw input of a REST request, each name from its own place: a query never fills in for a body, so that no secret is taken
 * from a URL. What it refuses goes to `strays`; what is there is not parsed yet.
 */
export function gatherer(operation: Operation): (from: RawRequest, strays: Stray[]) => Record<string, unknown> {
  const { path, spec } = operation;
  const inPath = placeholders(path);
  const queryFields = fieldsOf(spec.query);
  const asked = new Map(Object.entries(queryFields).map(([name, schema]) => [name, takesMany(schema)]));
  const headers = Object.keys(fieldsOf(spec.headers));
  const elsewhere = [...inPath, ...asked.keys(), ...headers];
  return (from, strays) => {
    const input: Record<string, unknown> = {};
    if (isObject(from.body)) {
      for (const name of Object.keys(from.body)) {
        if (elsewhere.includes(name)) strays.push({ path: name, message: "is not taken from the body" });
        else if (name === "__proto__") strays.push({ path: name, message: "is not a name that may be used" });
        else input[name] = from.body[name];
      }
    } else if (from.body !== undefined) strays.push({ path: "", message: "the body must be a JSON object" });
    for (const name of Object.keys(from.query)) {
      const many = asked.get(name);
      const value = from.query[name];
      if (many === undefined) strays.push({ path: name, message: "is not a query parameter of this operation" });
      else if (Array.isArray(value) && !many) strays.push({ path: name, message: "is given more than once" });
      else input[name] = many && !Array.isArray(value) ? [value] : value;
    }
    for (const name of headers) if (from.headers[name] !== undefined) input[name] = from.headers[name];
    for (const name of inPath) input[name] = from.path[name === "path" ? "*" : name] ?? from.path[name];
    return input;
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a query parameter may be repeated. */
const takesMany = (schema: z.core.$ZodType): boolean => {
  const { type, innerType } = schema._zod.def as { type: string; innerType?: z.core.$ZodType };
  return type === "array" || (innerType !== undefined && takesMany(innerType));
};
