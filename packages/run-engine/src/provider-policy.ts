import { forbiddenBy, type ProviderRules } from "@takosumi/contracts/deploy/provider-patterns";
import type { Resolution } from "./resolution.ts";

/** A resolution as the policy leaves it: whatever serves a provider that is kept out, the Run is blocked. */
export function heldToPolicy(rules: ProviderRules, one: Resolution): Resolution {
  const forbidden = forbiddenBy(rules, one.provider);
  if (!forbidden) return one;
  const said = `${one.provider}${one.alias === null ? "" : `.${one.alias}`}`;
  const verb = forbidden.reason === "provider_denied" ? "is denied" : "is not allowed";
  return {
    ...one,
    status: "blocked_policy",
    reason: forbidden.reason,
    message: `${said} ${verb} by the policy of the Capsule or its Project (${forbidden.rule})`,
    remedy: "use another provider, or have somebody who may approve change the policy",
    recipe: null,
    injected_by: null,
    env_names: [],
    file_env_names: [],
  };
}
