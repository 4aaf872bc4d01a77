import type { OauthScope } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import { authorizeRequest } from "@takosumi/contracts/identity/authorize-request";
import { sentencesOf } from "@takosumi/contracts/identity/scope-sentences";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { OauthClientRow } from "@takosumi/db/rows";
import type { Origin, Principal } from "@takosumi/transport/application";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { extendConsent, findConsent } from "../oauth-access/repository.ts";
import { findActiveClient } from "../oauth-clients/repository.ts";
import { record } from "../oauth-server/record.ts";
import { csrfFor, csrfMatches } from "./csrf.ts";
import { signedInOf } from "./repository.ts";

type Needs = Pick<Resources, "db" | "keyring" | "oauth" | "settings">;
export type Params = Readonly<Record<string, string | undefined>>;
/** Where the browser goes next, or what its person is asked. */
export type Next =
  | { readonly kind: "redirect"; readonly url: string; readonly as: "approved" | "error" }
  /** To the sign-in, and back to `here`. With `again` somebody is signed in, and is to sign in anew. */
  | { readonly kind: "login"; readonly here: string; readonly again: boolean }
  | { readonly kind: "refused"; readonly status: number; readonly error: string; readonly description: string }
  | {
      readonly kind: "consent";
      readonly client: OauthClientRow;
      readonly scopes: ReturnType<typeof sentencesOf>;
      readonly csrf_token: string;
      readonly params: Record<string, string>;
    };

/** What becomes of an authorization request. One that needs no question is answered at once. */
export async function consider(resources: Needs, given: Params, who: Principal | null, from: Origin): Promise<Next> {
  const { params, query } = read(given);
  const odd = Object.keys(params).find((name) => /\0|\p{Surrogate}/u.test(params[name] ?? ""));
  if (odd !== undefined) return refusal(400, { error: "invalid_request", error_description: `${odd} holds a character that is none` });
  const signedIn = who && (await signedInOf(resources.db, who));
  const outcome = await resources.oauth.ask(query, { from, who: signedIn, agreed: false });
  if (outcome.kind === "refused") return refusal(outcome.status, outcome.body);
  if (outcome.kind === "redirect") {
    const approved = outcome.url.searchParams.has("code");
    if (approved && who) await note(resources, who, from, String(params.client_id), "authorize_auto_approved");
    return { kind: "redirect", url: outcome.url.href, as: approved ? "approved" : "error" };
  }
  if (outcome.prompt === "login" || !who) return signIn(params, signedIn !== null);
  const client = await findActiveClient(resources.db, outcome.client_id);
  if (!client) return refusal(400, { error: "invalid_client" });
  const asked = String(outcome.params.scope ?? "").split(" ") as OauthScope[];
  const before: readonly string[] = (await findConsent(resources.db, who.id, client.id))?.scopes ?? [];
  const fresh = asked.filter((scope) => !before.includes(scope));
  const scopes = sentencesOf(fresh.length > 0 ? fresh : asked);
  return { kind: "consent", client, scopes, csrf_token: await csrfFor(resources, who, question(params)), params };
}

/** The person's answer. Throws FORBIDDEN for an answer to a question that this person was not asked. */
export async function decide(resources: Needs, given: Params, approve: boolean, csrf: string, who: Principal, from: Origin): Promise<Next> {
  const { params, query } = read(given);
  if (!(await csrfMatches(resources, who, question(params), csrf)))
    throw new ApiError("FORBIDDEN", "This page is too old, or was opened by somebody else: go back to the app and begin again", {
      reason: "csrf",
    });
  const signedIn = await signedInOf(resources.db, who);
  // A no is a no, whatever was allowed before: the library is made to ask, and so never makes a code.
  const put = approve ? query : new URLSearchParams({ ...params, prompt: "consent" }).toString();
  const outcome = await resources.oauth.ask(put, { from, who: signedIn, agreed: false });
  if (outcome.kind === "refused") return refusal(outcome.status, outcome.body);
  if (outcome.kind === "redirect")
    return { kind: "redirect", url: outcome.url.href, as: outcome.url.searchParams.has("code") ? "approved" : "error" };
  if (outcome.prompt === "login") return signIn(params, true);
  if (!approve) {
    await note(resources, who, from, outcome.client_id, "authorize_denied");
    return { kind: "redirect", url: deniedUrl(params, resources.settings.public_url), as: "error" };
  }
  const scopes = String(outcome.params.scope ?? "").split(" ");
  await resources.db.transaction(async (tx) => {
    await extendConsent(tx, newId(prefixes.oauth_consent), who.id, outcome.client_id, scopes);
    const about = { user_id: who.id, client_id: outcome.client_id, actor: actorOf(who), details: { scopes } };
    await record(tx, from, { event: "consent_granted", ...about });
    await record(tx, from, { event: "authorize_approved", ...about });
  });
  const { prompt: _, ...rest } = params;
  const last = await resources.oauth.ask(new URLSearchParams(rest).toString(), { from, who: signedIn, agreed: true });
  if (last.kind === "refused") return refusal(last.status, last.body);
  if (last.kind === "ask")
    throw new ApiError("CONFLICT", "Your access changed meanwhile: go back to the app and begin again", { reason: "lost_race" });
  return { kind: "redirect", url: last.url.href, as: last.url.searchParams.has("code") ? "approved" : "error" };
}

/** What means something, as text and as a query; anything else is passed over. */
function read(given: Params) {
  const known = Object.entries(given).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && Object.hasOwn(authorizeRequest, entry[0]),
  );
  const params: Record<string, string> = Object.fromEntries(known);
  return { params, query: new URLSearchParams(params).toString() };
}
const question = (params: Params) => [
  params.client_id ?? "",
  params.redirect_uri ?? "",
  params.scope ?? "",
  params.state ?? "",
  params.code_challenge ?? "",
];

const refusal = (status: number, { error, error_description }: { error: string; error_description?: string | undefined }): Next => ({
  kind: "refused",
  status,
  error,
  description: error_description ?? error,
});

/** Seconds in which somebody who has just signed in comes back to the request. */
const wayBack = 60;
/** To the sign-in and back to this very request, which does not ask for it a second time. */
function signIn({ prompt, max_age, ...params }: Record<string, string>, again: boolean): Next {
  const left = (prompt ?? "").split(" ").filter((name) => name !== "" && name !== "login");
  const age = max_age !== undefined && { max_age: Number(max_age) < wayBack ? String(wayBack) : max_age };
  const query = new URLSearchParams({ ...params, ...age, ...(left.length > 0 && { prompt: left.join(" ") }) });
  return { kind: "login", here: `/oauth/authorize?${query}`, again };
}

function deniedUrl({ redirect_uri, state }: Params, issuer: string): string {
  const url = new URL(redirect_uri ?? "");
  const answer = { error: "access_denied", error_description: "the person said no", ...(state !== undefined && { state }), iss: issuer };
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  return url.href;
}

const note = (resources: Needs, who: Principal, from: Origin, client_id: string, event: "authorize_denied" | "authorize_auto_approved") =>
  resources.db.transaction((tx) => record(tx, from, { event, user_id: who.id, client_id, actor: actorOf(who) }));
