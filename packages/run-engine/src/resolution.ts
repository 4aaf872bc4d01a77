import { canonicalProvider, isBuiltin } from "@takosumi/contracts/deploy/provider-address";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { recipeOf } from "@takosumi/recipes/registry";
import { modeOf, readingOf, servesProvider } from "./connection-reading.ts";
import type { KnownConnection } from "./queries/connections.ts";

export type Resolution = RunRow["provider_bindings"][number];
/** A provider configuration that a module uses, as the runner found it. */
export interface Requirement {
  readonly provider: string;
  readonly alias: string | null;
  readonly builtin: boolean;
}
/** What requirements are resolved with. */
export interface Ground {
  readonly bindings: CapsuleRow["provider_bindings"];
  /** The connections that bindings name, deleted ones too. */
  readonly connections: readonly KnownConnection[];
  /** Environment variables that the Capsule or the Run sets itself. */
  readonly env: readonly string[];
  readonly now?: number;
}

/** Providers that reach nothing that asks for credentials. */
const credentialFree = new Set(
  ["random", "null", "local", "time", "tls", "archive", "external", "template", "cloudinit", "http", "terraform"].map(
    (type) => `registry.opentofu.org/hashicorp/${type}`,
  ),
);
const nothing = { connection_id: null, recipe: null, injected_by: null, env_names: [], file_env_names: [] };
const said = ({ provider, alias }: Pick<Resolution, "provider" | "alias">) => `${provider}${alias === null ? "" : `.${alias}`}`;

/**
 * Which connection serves one configuration, or why none does. A binding of its alias goes before one without an alias, which serves every
 * alias that has none; a binding goes before the knowledge that a provider needs no credentials.
 */
export function resolveOne({ provider: given, alias, builtin }: Requirement, { bindings, connections, now }: Ground): Resolution {
  const provider = canonicalProvider(given);
  const blocked = (reason: Resolution["reason"], message: string, remedy: string, connection_id: string | null = null): Resolution => ({
    ...nothing,
    provider,
    alias,
    status: "blocked_missing_connection",
    connection_id,
    reason,
    message: `${said({ provider, alias })} ${message}`,
    remedy,
  });
  const free = (reason: Resolution["reason"], message: string): Resolution => ({
    ...nothing,
    provider,
    alias,
    status: "resolved_provider_connection",
    reason,
    message,
    remedy: null,
  });

  const same = bindings.filter((binding) => canonicalProvider(binding.provider) === provider);
  const bound = same.find((binding) => binding.alias === alias) ?? same.find((binding) => binding.alias === null);
  if (!bound) {
    if (builtin || isBuiltin(provider) || credentialFree.has(provider)) return free("credential_free", "needs no credentials");
    const remedy =
      "bind a connection to the Capsule (provider_bindings), or connection_id null where the module configures the provider itself";
    return blocked("unbound", "has no connection", remedy);
  }
  if (bound.connection_id === null) return free("self_configured", "the module configures this provider itself");

  const id = bound.connection_id;
  const connection = connections.find((one) => one.id === id);
  if (!connection || connection.revoked_at !== null) {
    const name = connection ? `the connection ${connection.name}` : "a connection";
    return blocked("connection_deleted", `is bound to ${name}, which was deleted`, "bind another connection to the Capsule", id);
  }
  const named = `the connection ${connection.name}`;
  if (!servesProvider(connection, provider))
    return blocked(
      "connection_other_provider",
      `is bound to ${named}, which is one of ${connection.provider}`,
      "bind a connection of this provider",
      id,
    );
  const { status, message, env_names, file_env_names } = readingOf(connection, now);
  if (status === "expired") return blocked("connection_expired", `is bound to ${named}, which has expired`, message ?? "", id);
  if (status !== "ready") return blocked("connection_needs_setup", `is bound to ${named}, which is not complete`, message ?? "", id);
  return {
    provider,
    alias,
    status: "resolved_provider_connection",
    connection_id: id,
    reason: null,
    message: null,
    remedy: null,
    recipe: { id: connection.recipe_id, auth_mode: connection.recipe_mode },
    injected_by: "environment",
    env_names: [...env_names],
    file_env_names: [...file_env_names],
  };
}

/**
 * Resolves all that a module uses. The environment is one for the whole process, so that each variable has one giver: configurations
 * without an alias go first, then aliases in their order. An alias that comes too late is served by arguments of its own where its recipe
 * can; anything else that would set a variable twice is blocked, rather than one of the two winning silently.
 */
export function resolveAll(requirements: readonly Requirement[], ground: Ground): Resolution[] {
  const each = requirements.map((requirement) => resolveOne(requirement, ground));
  const givers = new Map<string, { readonly id: string | null; readonly words: string }>();
  for (const name of ground.env) givers.set(name, { id: null, words: "the Capsule's own environment variables" });
  const served = new Map<Resolution, Resolution>();
  for (const one of [...each.filter(({ alias }) => alias === null), ...each.filter(({ alias }) => alias !== null)]) {
    const connection = ground.connections.find(({ id }) => id === one.connection_id);
    if (one.status !== "resolved_provider_connection" || !connection) continue;
    const names = [...one.env_names, ...one.file_env_names];
    const taken = names.filter((name) => givers.has(name) && givers.get(name)?.id !== connection.id);
    if (taken.length === 0) for (const name of names) givers.set(name, { id: connection.id, words: `the connection ${connection.name}` });
    else served.set(one, byArguments(one, connection) ?? clash(one, connection, taken, givers.get(taken[0] as string)?.words ?? ""));
  }
  return each.map((one) => served.get(one) ?? one);
}

/** The same connection, reaching this alias alone; null where its recipe has no arguments for that. */
function byArguments(one: Resolution, { recipe_id, recipe_mode }: KnownConnection): Resolution | null {
  if (one.alias === null || !modeOf(recipeOf(recipe_id), recipe_mode)?.byArguments) return null;
  return { ...one, injected_by: "arguments", env_names: [], file_env_names: [] };
}

function clash(one: Resolution, { id, name }: KnownConnection, taken: readonly string[], other: string): Resolution {
  return {
    ...one,
    ...nothing,
    connection_id: id,
    status: "blocked_policy",
    reason: "variable_clash",
    message: `${said(one)} is bound to the connection ${name}, which sets ${taken.join(", ")}, and so ${taken.length > 1 ? "do" : "does"} ${other}`,
    remedy: "the environment is one for the whole Run: let one connection serve both, split the Capsule, or take one of the two away",
  };
}
