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
  return uses.map((use) => {
    const other = uses.find((one) => clash(use.connection, one.connection) !== undefined);
    if (!other) return { by: "environment" };
    if (use.connection.mode.byArguments && use.settable) return { by: "arguments" };
    const variable = clash(use.connection, other.connection) as string;
    return { by: null, variable, other, why: use.connection.mode.byArguments ? "not_settable" : "no_arguments" };
  });
}

/** A variable that one sets and the other sets or reads. */
function clash(one: Connected, other: Connected): string | undefined {
  if (one.id === other.id) return undefined;
  const [set, alsoSet] = [variables(one), variables(other)];
  return set.find((name) => alsoSet.includes(name) || reads(other, name)) ?? alsoSet.find((name) => reads(one, name));
}

const reads = ({ recipe }: Connected, name: string): boolean =>
  Object.values(recipe.modes).some(({ env = {} }) => Object.hasOwn(env, name));

function variables({ mode, fields, files }: Connected): string[] {
  const injected = names(mode, fields, files);
  return [...injected.env.map(({ name }) => name), ...injected.files.flatMap(({ env_name }) => env_name ?? [])];
}
