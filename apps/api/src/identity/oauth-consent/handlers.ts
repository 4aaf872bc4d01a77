import { ApiError } from "@takosumi/contracts/errors";
import { oauthConsent } from "@takosumi/contracts/identity/oauth-consent";
import type { OauthClientRow } from "@takosumi/db/rows";
import type { Principal } from "@takosumi/transport/application";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { findPerson } from "../oauth-server/repository.ts";
import { consider, decide, type Next, type Params } from "./authorization.ts";
import { decideDevice, deviceOf, unknownCode } from "./device.ts";

/** The questions as JSON. */
export const oauthConsentHandlers = (resources: Pick<Resources, "db" | "keyring" | "oauth" | "settings">) => {
  const userOf = async (who: Principal) => {
    const person = await findPerson(resources.db, who.id);
    return { email: person?.email ?? null, username: person?.username ?? who.name };
  };
  return implement(oauthConsent, {
    authorizeContext: async ({ input, principal, from }) => {
      const next = await consider(resources, input, principal, from);
      if (next.kind === "refused") throw refused(next);
      if (next.kind === "login") return { status: "login_required" as const, redirect_url: pageOf(input) };
      if (next.kind === "redirect")
        return { status: next.as === "approved" ? ("auto_approved" as const) : ("error_redirect" as const), redirect_url: next.url };
      const { client, scopes, csrf_token, params } = next;
      return { status: "consent_required" as const, client: shown(client), user: await userOf(principal), scopes, csrf_token, params };
    },
    authorizeDecision: async ({ input: { action, csrf_token, ...params }, principal, from }) => {
      const next = await decide(resources, params, action === "approve", csrf_token, principal, from);
      if (next.kind === "refused") throw refused(next);
      if (next.kind === "consent") throw new Error("A decision was answered with a question");
      return { redirect_url: next.kind === "login" ? pageOf(params) : next.url };
    },
    deviceContext: async ({ input: { user_code }, principal }) => {
      const user = await userOf(principal);
      if (user_code === undefined) return { status: "code_entry" as const, user };
      const found = await deviceOf(resources, user_code, principal);
      if (!found) return { ...unknownCode, status: "error" as const };
      return { status: "consent_required" as const, ...found, client: shown(found.client), user };
    },
    deviceDecision: ({ input: { user_code, action, csrf_token }, principal, from }) =>
      decideDevice(resources, user_code, action === "approve", csrf_token, principal, from),
  });
};

/** The page that asks for the sign-in. */
const pageOf = (params: Params) =>
  `/oauth/authorize?${new URLSearchParams(Object.entries(params).filter((one): one is [string, string] => one[1] !== undefined))}`;
const shown = ({ name, logo_uri }: OauthClientRow) => ({ name, logo_uri });
const refused = ({ error, description }: Extract<Next, { kind: "refused" }>) =>
  new ApiError("BAD_REQUEST", `The authorization request is not valid: ${description}`, { reason: "invalid", oauth_error: error });
