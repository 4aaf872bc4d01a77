import { ApiError } from "@takosumi/contracts/errors";
import type { Queries } from "@takosumi/db/db";
import type { Principal } from "@takosumi/transport/application";
import type { Resources } from "../../resources.ts";
import type { Rate } from "../admission.ts";
import { countAttempt } from "./repository.ts";

interface Guard {
  readonly limit: "sign_in" | "token" | "user_code" | "device_code" | "registration";
  /** `caller`: who asks, or the address where nobody is signed in. */
  readonly by: "address" | "caller";
  readonly operations: readonly string[];
}
const userCodes = ["oauthConsent.deviceContext", "oauthConsent.deviceDecision", "oauthServer.device", "oauthServer.decideDevice"];
const guards: readonly Guard[] = [
  {
    limit: "sign_in",
    by: "address",
    operations: [
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
      ...userCodes,
    ],
  },
  {
    limit: "token",
    by: "caller",
    operations: ["setup.checkUsername", "me.signInCode", "accessTokens.create", "spaceTokens.create", "runnerTokens.create"],
  },
  { limit: "user_code", by: "caller", operations: userCodes },
  { limit: "device_code", by: "address", operations: ["oauthServer.deviceCode"] },
  { limit: "registration", by: "caller", operations: ["oauthServer.register", "oauthClients.create"] },
];
/** The limits of each operation that is counted. */
export const countedOperations: ReadonlyMap<string, readonly Guard[]> = new Map(
  guards.flatMap(({ operations }) => operations.map((name) => [name, guards.filter((guard) => guard.operations.includes(name))])),
);

/** Counts one try of this in this minute, over all processes. RATE_LIMITED where there were too many. */
export async function counted(db: Queries, key: string, limit: number, of: string): Promise<Rate> {
  const { count, seconds_left } = await countAttempt(db, key);
  const seconds = Math.max(1, Math.ceil(seconds_left));
  if (count <= limit) return { limit, remaining: limit - count, seconds };
  throw new ApiError("RATE_LIMITED", `Too many tries ${of}: wait ${seconds} s`, { reason: "attempts", retry_after_ms: seconds * 1_000 });
}

/** Counts what guards passwords, codes and tokens, in each of its limits; `note` hears what is left of each. */
export async function countOperation(
  { db, settings }: Pick<Resources, "db" | "settings">,
  who: Principal | null,
  address: string,
  operation: string,
  note: (rate: Rate) => void,
): Promise<void> {
  for (const { limit, by } of countedOperations.get(operation) ?? []) {
    const caller = by === "caller" ? who : null;
    note(await counted(db, `${limit} ${caller?.id ?? address}`, settings.limits[limit], caller ? "by this caller" : "from this address"));
  }
}

/** Passwords of one account that may be tried in a minute, from wherever. */
const passwords = 10;
/** Slows guesses at one account down that come from many addresses. Whether anybody is called so makes no difference. */
export const countPassword = async (db: Queries, username: string, limit: number): Promise<void> => {
  await counted(db, `password ${username}`, Math.max(passwords, Math.floor(limit / 3)), "at this account");
};
