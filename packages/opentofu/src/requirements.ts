import { canonicalProvider, isBuiltin } from "@takosumi/contracts/deploy/provider-address";
import { lockedProviders } from "./lock.ts";
import { parseProviderReference } from "./provider-address.ts";
import { stateProviders } from "./state.ts";
import type { RequiredProvider } from "./types.ts";

type ProviderConfig = { full_name?: string; alias?: string; module_address?: string; expressions?: unknown };

export type RequirementSources = {
  /** `show -json -config`, or the `configuration` of a plan's `show -json`. Null where the tool has neither yet. */
  config: unknown;
  /** Provider blocks found in the text of the module, for a tool that cannot show its configuration. */
  blocks?: { provider: string; alias: string | null }[];
  lock: Uint8Array;
  state: Uint8Array;
};

/**
 * Every provider configuration that a plan of this module on this state uses: what the configuration names, what only the
 * lock file names (a provider of a child module), and what only the state needs to destroy its resources.
 */
export function requiredProviders({ config, blocks = [], lock, state }: RequirementSources): RequiredProvider[] {
  const found = new Map<string, RequiredProvider>();
  const add = (provider: string, alias: string | null) => {
    const one = { provider: canonicalProvider(provider), alias, builtin: isBuiltin(provider) };
    found.set(`${one.provider} ${alias ?? ""}`, one);
  };
  for (const [provider, alias] of configured(config)) add(provider, alias);
  for (const { provider, alias } of blocks) add(provider, alias);
  for (const reference of stateProviders(state)) {
    const parsed = parseProviderReference(reference);
    if (parsed) add(parsed.provider, parsed.alias);
  }
  const named = new Set([...found.values()].map(({ provider }) => provider));
  for (const { provider } of lockedProviders(lock)) if (!named.has(provider)) add(provider, null);
  return [...found.values()].sort((a, b) =>
    a.provider === b.provider ? (a.alias ?? "").localeCompare(b.alias ?? "") : a.provider.localeCompare(b.provider),
  );
}

function configured(config: unknown): [string, string | null][] {
  const table = (config as { provider_config?: Record<string, ProviderConfig> } | null)?.provider_config ?? {};
  const all = Object.values(table).filter((one) => typeof one.full_name === "string");
  const atRoot = new Set(all.filter((one) => !one.module_address).map((one) => one.full_name));
  // A child module's entry without settings only passes on what its parent gives it; the root's entries say that already.
  const own = all.filter((one) => !one.module_address || one.alias || one.expressions || !atRoot.has(one.full_name));
  return own.map((one) => [one.full_name ?? "", one.alias ?? null]);
}
