import type { Mode, Recipe } from "./define.ts";
import { type GivenFile, names } from "./material.ts";

/** A connection without its values: which fields and files it was given. */
export interface Connected {
  readonly id: string;
  readonly name: string;
  readonly recipe: Recipe;
  readonly mode: Mode;
  readonly fields: readonly string[];
  readonly files?: readonly Pick<GivenFile, "path" | "env_name">[] | undefined;
}
/** A provider configuration of a module, by canonical address, and the connection that serves it. */
export interface Use {
  readonly provider: string;
  readonly alias: string | null;
  readonly connection: Connected;
}
/** Why a use cannot be served beside another connection. */
export interface Conflict {
  readonly use: Use;
  readonly with: Use;
  readonly message: string;
}

/**
 * Variables reach every provider of a Run. So two connections of which one sets a variable that the other sets or reads both go by
 * arguments of their own configurations instead. Answers the ids of those; all others go by variables.
 */
export function byArguments(uses: readonly Use[]): ReadonlySet<string> {
  const apart = new Set<string>();
  for (const one of uses) if (uses.some((other) => clash(one.connection, other.connection))) apart.add(one.connection.id);
  return apart;
}

/** Every use that cannot be served. `settable` says of a use whether arguments can be set on its configuration from outside. */
export function conflicts(uses: readonly Use[], settable: (use: Use) => boolean): readonly Conflict[] {
  return uses.flatMap((use) => {
    const other = uses.find((one) => clash(use.connection, one.connection));
    const why = other && unservable(use, settable);
    if (!why) return [];
    const name = clash(use.connection, other.connection);
    const message = `${said(use)} and ${said(other)} cannot both be given ${name}, which is one for the whole Run, and ${why}. Bind one connection to both, or split the module.`;
    return [{ use, with: other, message }];
  });
}

function unservable(use: Use, settable: (use: Use) => boolean): string | null {
  const { recipe, mode } = use.connection;
  if (!mode.byArguments) return `${recipe.title} (${mode.title}) cannot be given to one provider configuration alone`;
  if (settable(use)) return null;
  return `the configuration of ${address(use)} stands in a child module, where nothing can be set from outside: move its provider block to the root module and pass it on`;
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

const address = ({ provider, alias }: Use): string => (alias === null ? provider : `${provider}.${alias}`);
const said = (use: Use): string => `${address(use)} (connection ${use.connection.name})`;
