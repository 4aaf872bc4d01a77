import type { ConnectionStatus } from "@takosumi/contracts/deploy/connections";
import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { type Mode, type Recipe, serves } from "@takosumi/recipes/define";
import { names } from "@takosumi/recipes/material";
import { recipeOf } from "@takosumi/recipes/registry";
import type { KnownConnection } from "./queries/connections.ts";

/** What a connection is good for now. Nothing of it is stored: time, a Secret or a newer version may change it. */
export interface Reading {
  readonly status: ConnectionStatus;
  /** Why it is not ready, and what to do; null where it is. */
  readonly message: string | null;
  readonly fields: readonly string[];
  readonly env_names: readonly string[];
  readonly file_env_names: readonly string[];
}
type Known = Pick<
  KnownConnection,
  "recipe_id" | "recipe_mode" | "fields" | "secret_fields" | "files" | "expires_at" | "expired" | "revoked_at"
>;

export const modeOf = (recipe: Recipe | undefined, mode: string): Mode | undefined =>
  recipe && Object.hasOwn(recipe.modes, mode) ? recipe.modes[mode] : undefined;

/** Variables and files of a mode that was given these fields. `byArguments`: where one provider configuration alone is served. */
export function namesOf(mode: Mode, { fields, secret_fields, files }: Pick<Known, "fields" | "secret_fields" | "files">) {
  const made = names(mode, [...fields, ...secret_fields], files);
  const file_env_names = made.files.flatMap(({ env_name }) => env_name ?? []);
  return { env_names: made.env.map(({ name }) => name).sort(), file_env_names: file_env_names.sort() };
}

export function readingOf(connection: Known): Reading {
  const fields = [...connection.fields, ...connection.secret_fields].sort();
  const mode = modeOf(recipeOf(connection.recipe_id), connection.recipe_mode);
  const known = { fields, ...(mode ? namesOf(mode, connection) : { env_names: [], file_env_names: [] }) };
  if (connection.revoked_at !== null)
    return { ...known, status: "revoked", message: "It was deleted, and its credentials were destroyed: make a new one" };
  if (!mode)
    return {
      ...known,
      status: "needs_setup",
      message: `This version has no recipe ${connection.recipe_id} with the mode ${connection.recipe_mode}: make a new connection`,
    };
  const missing = missingOf(mode, fields);
  if (missing) return { ...known, status: "needs_setup", message: `${missing}: replace its values` };
  if (connection.expires_at !== null && connection.expired) {
    const since = connection.expires_at.toISOString();
    return { ...known, status: "expired", message: `Its credentials ended at ${since}: replace them, or move expires_at` };
  }
  return { ...known, status: "ready", message: null };
}

function missingOf(mode: Mode, fields: readonly string[]): string | null {
  const missing = Object.entries(mode.fields).flatMap(([name, { required }]) => (required && !fields.includes(name) ? [name] : []));
  if (missing.length > 0) return `${missing.join(", ")} ${missing.length > 1 ? "have" : "has"} no value any more`;
  const group = (mode.oneOf ?? []).find((names) => !names.some((name) => fields.includes(name)));
  return group ? `None of ${group.join(", ")} has a value any more` : null;
}

/** Whether a connection may serve a provider: its own, or another that its recipe names beside that (google and google-beta). */
export function servesProvider({ provider, recipe_id }: Pick<KnownConnection, "provider" | "recipe_id">, other: string): boolean {
  const wanted = canonicalProvider(other);
  if (provider === wanted) return true;
  const recipe = recipeOf(recipe_id);
  return recipe !== undefined && recipe.providers !== "*" && serves(recipe, wanted);
}
