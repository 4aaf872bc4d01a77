import { canonicalProvider, isBuiltin } from "@takosumi/contracts/deploy/provider-address";
import type { CapsuleRow, RunRow } from "@takosumi/db/rows";
import { distribute, type Served, type Use } from "@takosumi/recipes/distribute";
import { recipeOf } from "@takosumi/recipes/registry";
import { modeOf, readingOf, servesProvider } from "./connection-reading.ts";
import type { KnownConnection } from "./queries/connections.ts";

export type Resolution = RunRow["provider_bindings"][number];
/** A provider configuration that a module uses, as the runner found it. */
export interface Requirement {
  readonly provider: string;
  readonly alias: string | null;
  readonly builtin: boolean;
  /** Arguments can be set on it from outside: it stands in the root module alone. */
  readonly settable: boolean;
}
/** What requirements are resolved with. */
export interface Ground {
  readonly bindings: CapsuleRow["provider_bindings"];
  /** The connections that bindings name, deleted ones too. */
  readonly connections: readonly KnownConnection[];
  /** Environment variables that the Capsule or the Run sets itself. */
  readonly env: readonly string[];
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
export function resolveOne({ provider: given, alias, builtin }: Requirement, { bindings, connections }: Ground): Resolution {
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
  const { status, message, env_names, file_env_names } = readingOf(connection);
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
 * Resolves all that a module uses. Variables are the whole process's: connections that would be in each other's way are each given by
 * arguments of their own configurations instead, where recipe and module allow it; anything else is blocked, rather than one of two winning
 * silently.
 */
export function resolveAll(requirements: readonly Requirement[], ground: Ground): Resolution[] {
  const each = requirements.map((requirement) => resolveOne(requirement, ground));
  const uses = each.flatMap((one, index) => useOf(one, requirements[index]?.settable ?? false, ground));
  const ways = new Map(distribute(uses).map((way, index) => [uses[index]?.resolution, way]));
  return each.map((one) => {
    const way = ways.get(one);
    if (!way) return one;
    if (way.by === null) return clash(one, way, ground);
    if (way.by === "arguments") return { ...one, injected_by: "arguments", env_names: [], file_env_names: [] };
    const taken = [...one.env_names, ...one.file_env_names].filter((name) => ground.env.includes(name));
    return taken.length === 0 ? one : ownVariable(one, taken, ground);
  });
}

interface ResolvedUse extends Use {
  readonly resolution: Resolution;
}

function useOf(resolution: Resolution, settable: boolean, { connections }: Ground): ResolvedUse[] {
  const row = connections.find(({ id }) => id === resolution.connection_id);
  const recipe = row && recipeOf(row.recipe_id);
  const mode = row && modeOf(recipe, row.recipe_mode);
  if (resolution.status !== "resolved_provider_connection" || !recipe || !mode) return [];
  return [
    { resolution, settable, connection: { id: row.id, recipe, mode, fields: [...row.fields, ...row.secret_fields], files: row.files } },
  ];
}

const nameOf = (id: string | null, { connections }: Ground): string => connections.find((one) => one.id === id)?.name ?? "";

function clash(one: Resolution, way: Extract<Served<ResolvedUse>, { by: null }>, ground: Ground): Resolution {
  const { resolution: other } = way.other;
  const remedies = {
    no_arguments: "the environment is one for the whole Run: let one connection serve both, or split the Capsule",
    not_settable: `move the provider block of ${said(one)} from its child module to the root module and pass it on, or let one connection serve both`,
  };
  return {
    ...one,
    ...nothing,
    connection_id: one.connection_id,
    status: "blocked_policy",
    reason: "variable_clash",
    message: `${said(one)} is bound to the connection ${nameOf(one.connection_id, ground)}, and ${said(other)} to ${nameOf(other.connection_id, ground)}: both cannot be given ${way.variable} at once`,
    remedy: remedies[way.why],
  };
}

const ownVariable = (one: Resolution, taken: readonly string[], ground: Ground): Resolution => ({
  ...one,
  ...nothing,
  connection_id: one.connection_id,
  status: "blocked_policy",
  reason: "variable_clash",
  message: `${said(one)} is bound to the connection ${nameOf(one.connection_id, ground)}, which sets ${taken.join(", ")}, and so ${taken.length > 1 ? "do" : "does"} the Capsule's own environment variables`,
  remedy: "take one of the two away: the environment is one for the whole Run",
});
