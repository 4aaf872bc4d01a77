import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { NotificationType } from "@takosumi/contracts/notifications/types";
import { tell } from "@takosumi/db/notifications";
import type { SessionRow } from "@takosumi/db/rows";
import { hashToken } from "@takosumi/keyring/tokens";
import type { Origin, Principal } from "@takosumi/transport/application";
import type { Write } from "@takosumi/transport/handlers";
import { cookieOf } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import type { Tx } from "../../world.ts";
import { type AccountRow, readAccount } from "../account/repository.ts";
import { whoHas } from "../passwords/service.ts";
import { endSession, insertSession, isNewPlace, type NewSession, type OwnSession } from "../sessions/repository.ts";
import { newSession, sessionSeconds } from "../sessions/service.ts";
import { useCode } from "./repository.ts";

/** A request that signs in, in the transaction of its operation. */
export interface Arriving {
  readonly principal: Principal | null;
  readonly from: Origin;
  readonly write: Write<Tx>;
}
type Needs = Pick<Resources, "db" | "settings">;
type Person = { readonly id: string; readonly name: string };

/** Opens a browser session for whoever `find` finds in the transaction. The session that the browser had before ends: no id outlives a sign-in. */
export async function signIn(
  { settings }: Pick<Resources, "settings">,
  { principal, from, write }: Arriving,
  method: SessionRow["method"],
  find: (tx: Tx) => Promise<Person>,
) {
  let account: AccountRow | undefined;
  let token = "";
  let person: Person = { id: "", name: "" };
  const { id: session_id } = await write(
    async (tx): Promise<OwnSession> => {
      person = await find(tx);
      const next = newSession({ user_id: person.id, kind: "browser", method, from });
      ({ token } = next);
      if (principal?.session && principal.token_id) await endSession(tx, principal.token_id);
      account = await readAccount(tx, person.id);
      if (await isNewPlace(tx, next.row)) await tellNewPlace(tx, next.row);
      return insertSession(tx, next.row);
    },
    () => ({ actor: { ...person, kind: "user" }, metadata: { method } }),
  );
  const cookie = cookieOf(settings.public_url, token, sessionSeconds);
  return { cookie, session_id, username: account?.username ?? "", setup_completed: account?.setup_completed_at != null };
}

export async function signInByPassword(resources: Needs, arriving: Arriving, username: string, password: string) {
  const person = await whoHas(resources.db, username, password, resources.settings.limits.sign_in);
  return signIn(resources, arriving, "password", async () => person);
}

export const signInByCode = (resources: Needs, arriving: Arriving, code: string) =>
  signIn(resources, arriving, "code", async (tx) => {
    const person = await useCode(tx, hashToken(code), "sign_in");
    if (person) return person;
    throw new ApiError("UNAUTHORIZED", "The code is wrong, was used before, or is too old: ask for another one", { reason: "invalid" });
  });

/** Tells somebody who has signed in before of a place that they never did from. */
async function tellNewPlace(tx: Tx, { id, user_id, address, user_agent }: NewSession): Promise<void> {
  const type: NotificationType = "security.new_login";
  const body = `From ${address ?? "an unknown address"}${user_agent ? `, with ${user_agent}` : ""}. If it was not you, end the session and change your password.`;
  const data = { session_id: id, address };
  await tell(tx, [
    {
      id: newId("ntf_"),
      user_id,
      workspace_id: null,
      run_id: null,
      type,
      subject: id,
      title: "Somebody signed in to your account",
      body,
      data,
    },
  ]);
}

/** Ends the session that asks, if one does. */
export async function signOut({ principal, write }: Arriving): Promise<void> {
  const { token_id } = principal ?? {};
  if (token_id?.startsWith("ses_")) await write(async (tx) => (await endSession(tx, token_id)) as OwnSession);
}
