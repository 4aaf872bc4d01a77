import { inScope, type Role } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { WorkspaceRow } from "@takosumi/db/rows";
import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import type { Origin, Principal } from "@takosumi/transport/application";
import type { Write } from "@takosumi/transport/handlers";
import { createPerson } from "../../identity/account/create.ts";
import { hashPassword } from "../../identity/passwords/hash.ts";
import { refuseUsername } from "../../identity/passwords/service.ts";
import { insertSession } from "../../identity/sessions/repository.ts";
import { newSession, sessionSeconds } from "../../identity/sessions/service.ts";
import { cookieOf } from "../../instance/web.ts";
import { type SealedMail, sealMail } from "../../mail/message.ts";
import { queueMail } from "../../mail/repository.ts";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import type { Tx } from "../../world.ts";
import { insertMember, memberOf, personByUsername } from "../space-members/repository.ts";
import { type GivenRole, refuseChange, refuseFull, tellInvited } from "../space-members/service.ts";
import * as rows from "./repository.ts";

const openMost = 200;
const lastsMs = 7 * 24 * 3_600_000;

interface Given {
  readonly email?: string | undefined;
  readonly username?: string | undefined;
  readonly role: GivenRole;
}
interface Prepared {
  readonly row: rows.NewInvitation;
  readonly mail: SealedMail | null;
}

/** An invitation with its mail sealed, outside of any transaction. The token stands in the mail alone. */
export async function prepareInvitation(
  { db, keyring, settings }: Pick<Resources, "db" | "keyring" | "settings">,
  space: WorkspaceRow,
  by: { readonly role: Role; readonly principal: Principal },
  { email, username, role }: Given,
): Promise<Prepared> {
  refuseChange(by.role, null, role);
  const { id: by_id, name } = actorOf(by.principal);
  const row = { id: newId("inv_"), workspace_id: space.id, role, invited_by: { id: by_id, name } };
  if (email === undefined) {
    const person = await personByUsername(db, username ?? "");
    const message = "is nobody who has an account here";
    if (!person || person.kind !== "user")
      throw new ApiError("NOT_FOUND", `username: ${message}`, { fields: [{ path: "username", message }] });
    return { row: { ...row, email: null, user_id: person.id, token_hash: null }, mail: null };
  }
  const token = mintToken("");
  const text = `${name} invites you to the space ${space.name} of Takosumi, as ${role}.

To see the invitation, and to take it or not:
${settings.public_url}/console/invite#${token}

The link is good for seven days, and once. If you do not expect it, do nothing.
`;
  const mail = await sealMail(
    { keyring },
    "invite",
    { to: email, subject: `${name} invites you to ${space.name}`, text },
    new Date(Date.now() + lastsMs),
  );
  return { row: { ...row, email: email.toLowerCase(), user_id: null, token_hash: hashToken(token) }, mail };
}

export async function createInvitation(tx: Tx, { row, mail }: Prepared, space: WorkspaceRow, by: Principal): Promise<rows.ShownInvitation> {
  await refuseFull(tx, space.id);
  if ((await rows.countInvitations(tx, space.id)) >= openMost)
    throw new ApiError("CONFLICT", `The space has ${openMost} open invitations: take some back first`, { reason: "limit" });
  if (row.user_id !== null && (await memberOf(tx, space.id, row.user_id)))
    throw new ApiError("CONFLICT", "They are a member of this space already", { reason: "already_member" });
  const made = await rows.insertInvitation(tx, row);
  if (mail) await queueMail(tx, mail);
  if (row.user_id !== null) await tellInvited(tx, space, row.user_id, row.role, by, made.id, null);
  return made;
}

const gone = () =>
  new ApiError("GONE", "The invitation is over: it was taken, taken back, or is too old. Ask for another one", { reason: "expired" });
/** The account that acts, where one does and may. */
export function accountOf(who: Principal | null): Principal | null {
  if (who && who.kind !== "user") throw new ApiError("FORBIDDEN", "Only a person takes an invitation", { reason: "person_required" });
  if (who?.workspace_id)
    throw new ApiError("FORBIDDEN", "This token is bound to a Workspace and does not act on the account", { reason: "workspace_token" });
  if (who && !inScope(who.scopes, "account:write"))
    throw new ApiError("FORBIDDEN", "This token's scopes do not include account:write", { reason: "scope", permission: "account:write" });
  return who;
}

export function openOffer(found: rows.Offered | null): rows.Offered {
  if (!found) throw new ApiError("NOT_FOUND", "There is no such invitation");
  if (found.over) throw gone();
  return found;
}

export const holdOpenOffer = async (tx: Tx, token: string, who: Principal | null): Promise<rows.Offered> =>
  openOffer(await rows.holdOffer(tx, hashToken(token), token, who?.id ?? null));

interface Joining {
  readonly username: string;
  readonly name: string;
  readonly password_hash: string;
}
/** What an account is made of by whoever is not signed in; both are needed. */
async function prepareJoining(given: {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly name?: string | undefined;
}): Promise<Joining> {
  const { username, password, name } = given;
  if (username === undefined || password === undefined)
    throw new ApiError("UNAUTHORIZED", "Sign in to take the invitation, or choose a username and a password for a new account", {
      reason: "missing",
    });
  refuseUsername("password", password, username);
  return { username, name: name ?? username, password_hash: await hashPassword(password) };
}

/** Takes an invitation for somebody who is signed in, or with an account that is made for it. */
async function acceptInvitation(tx: Tx, token: string, who: Principal | null, joining: Joining | null) {
  const offer = await holdOpenOffer(tx, token, who);
  const { id: user_id, name } = who ?? (await join(tx, offer, joining));
  await refuseFull(tx, offer.workspace_id);
  if (!(await insertMember(tx, offer.workspace_id, user_id, offer.role)))
    throw new ApiError("CONFLICT", "You are a member of this space already", { reason: "already_member" });
  return { ...(await rows.endInvitation(tx, offer.id)), user_id, name };
}

interface Taking {
  readonly principal: Principal | null;
  readonly from: Origin;
  readonly write: Write<Tx>;
}
/** Takes an invitation, and signs in whoever got an account by it. */
export async function takeInvitation(
  { db, settings }: Pick<Resources, "db" | "settings">,
  { principal, from, write }: Taking,
  token: string,
  given: Parameters<typeof prepareJoining>[0],
) {
  const who = accountOf(principal);
  // Nothing costly for a token that leads nowhere.
  openOffer(await rows.findOffer(db, hashToken(token), token, who?.id ?? null));
  const joining = who ? null : await prepareJoining(given);
  let opened: string | null = null;
  const taken = await write(
    async (tx) => {
      const row = await acceptInvitation(tx, token, who, joining);
      if (who) return row;
      const next = newSession({ user_id: row.user_id, kind: "browser", method: "password", from });
      await insertSession(tx, next.row);
      opened = next.token;
      return row;
    },
    ({ user_id: id, name, role }) => ({ actor: { id, kind: "user", name }, metadata: { role, new_account: who === null } }),
  );
  const cookies = opened === null ? [] : [cookieOf(settings.public_url, opened, sessionSeconds)];
  return { space_id: taken.workspace_id, cookies };
}

/** Who holds the token of a mail reads the mails of its address. */
async function join(tx: Tx, { email }: rows.Offered, joining: Joining | null) {
  if (!joining || email === null) throw new ApiError("UNAUTHORIZED", "Sign in to take the invitation", { reason: "missing" });
  return createPerson(tx, { ...joining, email, email_verified: true, picture: null, setup_completed: true });
}
