import type { Role } from "@takosumi/contracts/access";
import type { Actor } from "@takosumi/contracts/deploy/run";
import { ApiError } from "@takosumi/contracts/errors";
import { newId } from "@takosumi/contracts/ids";
import type { NotificationType } from "@takosumi/contracts/notifications/types";
import { deferAudit } from "@takosumi/db/audit";
import { tell } from "@takosumi/db/notifications";
import type { WorkspaceRow } from "@takosumi/db/rows";
import type { Engine } from "@takosumi/run-engine/engine";
import type { Origin, Principal } from "@takosumi/transport/application";
import { actorOf } from "../../pipeline/actor.ts";
import type { Tx } from "../../world.ts";
import { endInvitationsOf } from "../invitations/repository.ts";
import * as rows from "./repository.ts";

/** Members of one space, and Runs of theirs that one removal cancels. */
const most = 1_000;
const runsMost = 1_000;
export type GivenRole = "admin" | "editor" | "viewer";

const forbidden = (message: string) => new ApiError("FORBIDDEN", message, { reason: "role" });
/** Who may make whom what: an owner everybody but an owner; an admin neither another admin, nor somebody an admin. `to` null: removed. */
export function refuseChange(by: Role, target: { readonly role: Role; readonly self: boolean } | null, to: GivenRole | null): void {
  if (target?.role === "owner") throw forbidden("The owner stays as they are: transfer the space to somebody else first");
  if (by === "owner") return;
  if (target?.role === "admin" && !target.self) throw forbidden("Only the owner changes or removes an admin");
  if (to === "admin" && target?.role !== "admin") throw forbidden("Only the owner makes somebody an admin");
}

export async function refuseFull(tx: Tx, workspaceId: string): Promise<void> {
  if ((await rows.countMembers(tx, workspaceId)) >= most)
    throw new ApiError("CONFLICT", `The space has ${most} members, as many as one may have`, { reason: "limit" });
}

const nobody = (path: string) => {
  const message = "is nobody who has an account here: invite them";
  return new ApiError("NOT_FOUND", `${path}: ${message}`, { fields: [{ path, message }] });
};
/** Who is meant by a verified address or a username. */
export async function personMeant(
  db: Pick<Tx, "query" | "one">,
  given: { readonly email?: string | undefined; readonly username?: string | undefined },
) {
  if (given.email !== undefined) {
    const [found, another] = await rows.peopleByEmail(db, given.email);
    if (another)
      throw new ApiError("CONFLICT", "email: several accounts have this address: name one by its username", { reason: "name_taken" });
    if (!found) throw nobody("email");
    return found;
  }
  const found = await rows.personByUsername(db, given.username ?? "");
  if (!found) throw nobody("username");
  return found;
}

export async function addMember(
  tx: Tx,
  space: WorkspaceRow,
  by: { readonly role: Role; readonly principal: Principal },
  given: { readonly email?: string | undefined; readonly username?: string | undefined; readonly role: GivenRole },
): Promise<rows.Member> {
  refuseChange(by.role, null, given.role);
  await refuseFull(tx, space.id);
  const person = await personMeant(tx, given);
  if (!(await rows.insertMember(tx, space.id, person.id, given.role)))
    throw new ApiError("CONFLICT", `${person.username} is a member of this space already`, { reason: "already_member" });
  if (person.kind === "user") await tellInvited(tx, space, person.id, given.role, by.principal, `${space.id} ${Date.now()}`, space.id);
  return (await rows.memberOf(tx, space.id, person.id)) as rows.Member;
}

/** Tells somebody that they are in a space, or asked into one. */
export async function tellInvited(
  tx: Tx,
  space: Pick<WorkspaceRow, "id" | "name">,
  user_id: string,
  role: GivenRole,
  by: Pick<Principal, "name">,
  subject: string,
  workspace_id: string | null,
): Promise<void> {
  const type: NotificationType = "workspace.invite";
  const title = workspace_id === null ? `${by.name} invites you to ${space.name}` : `${by.name} added you to ${space.name}`;
  const data = {
    space_id: space.id,
    workspace_name: space.name,
    role,
    invited_by: by.name,
    ...(workspace_id === null && { invitation_id: subject }),
  };
  await tell(tx, [{ id: newId("ntf_"), user_id, workspace_id, run_id: null, type, subject, title, body: null, data }]);
}

export async function changeRole(
  tx: Tx,
  by: { readonly role: Role; readonly id: string },
  member: rows.Member,
  to: GivenRole,
): Promise<rows.Member> {
  const held = await rows.memberOf(tx, member.workspace_id, member.id);
  if (!held) throw new ApiError("CONFLICT", "The member was removed at the same moment", { reason: "lost_race" });
  refuseChange(by.role, { role: held.role, self: held.id === by.id }, to);
  await rows.writeRole(tx, held.workspace_id, held.id, to);
  return { ...held, role: to };
}

type Cancelling = Pick<Engine, "cancel">;
/** Gone at once, with what waits of theirs. */
export async function removeMember(
  tx: Tx,
  engine: Cancelling,
  by: Principal & { readonly role: Role },
  member: rows.Member,
): Promise<rows.Member> {
  const held = await rows.memberOf(tx, member.workspace_id, member.id);
  if (!held) throw new ApiError("CONFLICT", "The member was removed at the same moment", { reason: "lost_race" });
  refuseChange(by.role, { role: held.role, self: held.id === by.id }, null);
  return end(tx, engine, held, actorOf(by), "its author was removed from the space");
}

export async function leaveSpace(tx: Tx, engine: Cancelling, workspaceId: string, who: Principal): Promise<rows.Member> {
  const held = await rows.memberOf(tx, workspaceId, who.id);
  if (!held) throw new ApiError("CONFLICT", "You were removed at the same moment", { reason: "lost_race" });
  if (held.role === "owner")
    throw new ApiError("CONFLICT", "The owner does not leave: transfer the space to another member, or delete it", { reason: "owner" });
  return end(tx, engine, held, actorOf(who), "its author left the space");
}

/** Spaces that a service is taken out of at once. */
const spacesMost = 100;
/** A service that has ended is a member of nothing, and what waits of it is cancelled; each space records it. */
export async function endService(tx: Tx, engine: Cancelling, id: string, actor: Actor, from: Origin): Promise<void> {
  for (let spaces = await rows.spacesJoined(tx, id, spacesMost); spaces.length > 0; spaces = await rows.spacesJoined(tx, id, spacesMost)) {
    for (const workspace_id of spaces) {
      const held = await rows.memberOf(tx, workspace_id, id);
      if (!held) continue;
      await end(tx, engine, held, actor, "its author's client has ended");
      const { username, role } = held;
      const { request_id, address, user_agent } = from;
      const about = { actor, action: "member.removed", target: { type: "member", id }, metadata: { username, role } };
      deferAudit(tx, [{ workspace_id, ...about, request_id, address, user_agent }]);
    }
  }
}

async function end(tx: Tx, engine: Cancelling, member: rows.Member, by: Actor, why: string): Promise<rows.Member> {
  await endInvitationsOf(tx, member.workspace_id, member.id);
  for (const run of await rows.waitingRuns(tx, member.workspace_id, member.id, runsMost)) await engine.cancel(tx, run, by, why);
  await rows.deleteMember(tx, member.workspace_id, member.id);
  return member;
}
