import type { Mode, Recipe } from "./define.ts";
import { type GivenFile, names } from "./material.ts";

/** A connection without its values: which fields and files it was given. */
export interface Connected {
  readonly id: string;
  readonly recipe: Recipe;
  readonly mode: Mode;
  readonly fields: readonly string[];
  readonly files?: readonly Pick<GivenFile, "path" | "env_name">[] | undefined;
}
/** A provider configuration of a module, and the connection that serves it. */
export interface Use {
  readonly connection: Connected;
  /** Arguments can be set on this configuration from outside: it stands in the root module alone. */
  readonly settable: boolean;
}
/** How a use is served; or the variable that it and another use cannot both be given, and why arguments do not help. */
export type Served<U extends Use> =
  | { readonly by: "environment" | "arguments" }
  | { readonly by: null; readonly variable: string; readonly other: U; readonly why: "no_arguments" | "not_settable" };

/**
 * Variables reach every provider of a Run. So two connections of which one sets a variable that the other sets or reads both go by
 * arguments of their own configurations instead; all others go by variables. Answers in the order of the uses.
 */
export function distribute<U extends Use>(uses: readonly U[]): readonly Served<U>[] {
  const firsts = new Map<string, Reach<U>>();
  for (const use of uses) if (!firsts.has(use.connection.id)) firsts.set(use.connection.id, reachOf(use));
  const reaches = [...firsts.values()];
  const met = new Map(reaches.map((one) => [one.use.connection.id, firstClash(one, reaches)]));
  return uses.map((use) => {
    const found = met.get(use.connection.id);
    if (!found) return { by: "environment" };
    if (use.connection.mode.byArguments && use.settable) return { by: "arguments" };
    return { by: null, ...found, why: use.connection.mode.byArguments ? "not_settable" : "no_arguments" };
  });
}

/** The variables that a connection sets, and those that its recipe's providers read. Looked up once: there may be hundreds of either. */
interface Reach<U extends Use> {
  readonly use: U;
  readonly sets: ReadonlySet<string>;
  readonly reads: ReadonlySet<string>;
}

function reachOf<U extends Use>(use: U): Reach<U> {
  const { recipe, mode, fields, files } = use.connection;
  const injected = names(mode, fields, files);
  const sets = [...injected.env.map(({ name }) => name), ...injected.files.flatMap(({ env_name }) => env_name ?? [])];
  return { use, sets: new Set(sets), reads: new Set(Object.values(recipe.modes).flatMap(({ env = {} }) => Object.keys(env))) };
}

/** The first other connection that sets or reads a variable of this one, or sets one that this one reads. */
function firstClash<U extends Use>(one: Reach<U>, all: readonly Reach<U>[]): { readonly variable: string; readonly other: U } | null {
  for (const other of all) {
    if (other === one) continue;
    const variable =
      [...one.sets].find((name) => other.sets.has(name) || other.reads.has(name)) ?? [...other.sets].find((name) => one.reads.has(name));
    if (variable !== undefined) return { variable, other: other.use };
  }
  return null;
}
