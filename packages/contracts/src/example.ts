import { z } from "zod";
import type { Schema } from "./define.ts";
import { exampleEnd, type Named, prefixes } from "./ids.ts";

/** The id that stands for one of these in every example. */
export const exampleId = (named: Named): string => prefixes[named] + exampleEnd;
export const exampleEvent = exampleId("audit_event");
/** The moment at which examples begin, and so many seconds after it. */
export const exampleTime = (seconds = 0): string => new Date(Date.UTC(2026, 10, 27, 8) + seconds * 1_000).toISOString();
export const exampleDigest = "sha256:77ab10e3c2f1d4b5a6978877665544332211ffeeddccbbaa0099887766554433";

interface Def {
  readonly type: string;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly innerType?: Schema;
  readonly options?: readonly Schema[];
  readonly values?: readonly unknown[];
  readonly entries?: Readonly<Record<string, unknown>>;
}

/**
 * An example of a schema, put together from those that its parts say of themselves (`examples` in their meta), so that an answer shows the
 * same Run wherever one stands in it. What has to say one and does not goes to `silent`, by its path.
 */
export function exampleOf(schema: Schema, silent: string[] = [], path = ""): unknown {
  const meta = z.globalRegistry.get(schema) as { examples?: readonly unknown[] } | undefined;
  if (meta?.examples) return meta.examples[0];
  const def = schema._zod.def as unknown as Def;
  if (def.shape) {
    const fields = Object.entries(def.shape).map(([name, field]) => [name, exampleOf(field, silent, path ? `${path}.${name}` : name)]);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }
  if (def.type === "array" && def.element) return [exampleOf(def.element, silent, `${path}.*`)];
  if (def.innerType) return exampleOf(def.innerType, silent, path);
  if (def.options?.[0]) return exampleOf(def.options[0], silent, path);
  if (def.type === "boolean") return true;
  if (def.type === "literal") return def.values?.[0];
  if (def.entries) return Object.values(def.entries)[0];
  silent.push(path);
  return undefined;
}
