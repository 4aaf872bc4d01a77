import { ApiError } from "@takosumi/contracts/errors";
import type { Queries } from "@takosumi/db/db";
import type { Principal } from "@takosumi/transport/application";
import type { Resources } from "../../resources.ts";
import type { Rate } from "../admission.ts";
import { countAttempt } from "./repository.ts";

/** What is counted by its address: whoever tries is not known yet. */
const tries = [
  "auth.password",
  "auth.code",
  "auth.reset",
  "authServer.submitPassword",
  "authServer.submitCode",
  "authServer.callback",
  "authPages.submitInvite",
  "authPages.submitReset",
  "invitations.read",
  "invitations.accept",
  "oauthConsent.deviceContext",
  "oauthConsent.deviceDecision",
  "oauthServer.device",
  "oauthServer.decideDevice",
];
/** What is counted by who asks, or by the address where nobody is signed in. */
const makes = [
  "setup.checkUsername",
  "me.signInCode",
  "accessTokens.create",
  "spaceTokens.create",
  "runnerTokens.create",
  "oauthServer.token",
  "oauthServer.introspect",
  "oauthServer.revoke",
  "oauthServer.register",
  "oauthServer.deviceCode",
];
export const countedOperations: ReadonlyMap<string, "sign_in" | "token"> = new Map([
  ...tries.map((operation) => [operation, "sign_in"] as const),
  ...makes.map((operation) => [operation, "token"] as const),
]);

/** Counts one try of this in this minute, over all processes. RATE_LIMITED where there were too many. */
async function counted(db: Queries, key: string, limit: number, of: string): Promise<Rate> {
  const { count, seconds_left } = await countAttempt(db, key);
  const seconds = Math.max(1, Math.ceil(seconds_left));
  if (count <= limit) return { limit, remaining: limit - count, seconds };
  throw new ApiError("RATE_LIMITED", `Too many tries ${of}: wait ${seconds} s`, { reason: "attempts", retry_after_ms: seconds * 1_000 });
}

/** Counts what guards passwords, codes and tokens; null for every other operation. */
export async function countOperation(
  { db, settings }: Pick<Resources, "db" | "settings">,
  who: Principal | null,
  address: string,
  operation: string,
): Promise<Rate | null> {
  const kind = countedOperations.get(operation);
  if (kind === undefined) return null;
  const by = kind === "token" && who ? who.id : address;
  return counted(db, `${kind} ${by}`, settings.limits[kind], kind === "token" && who ? "by this caller" : "from this address");
}

/** Passwords of one account that may be tried in a minute, from wherever. */
const passwords = 10;
/** Slows guesses at one account down that come from many addresses. Whether anybody is called so makes no difference. */
export const countPassword = async (db: Queries, username: string, limit: number): Promise<void> => {
  await counted(db, `password ${username}`, Math.max(passwords, Math.floor(limit / 3)), "at this account");
};
