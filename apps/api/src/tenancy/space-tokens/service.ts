import { atLeast, type Role, type Scope } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { Principal } from "@takosumi/transport/application";
import { insertToken, revokeToken } from "../../identity/access-tokens/repository.ts";
import { newToken, shownToken } from "../../identity/access-tokens/service.ts";
import type { Tx } from "../../world.ts";
import { deleteMember } from "../space-members/repository.ts";
import { type GivenRole, refuseFull } from "../space-members/service.ts";
import { insertService, type SpaceToken } from "./repository.ts";

/** A dot, which no person's name has. */
const usernameOf = (id: string): string => `svc.${id.slice(-16)}`;

interface Wanted {
  readonly name: string;
  readonly role: GivenRole;
  readonly scopes: "*" | readonly Scope[];
  readonly expires_at: Date | null;
}
/** A token that stays when its maker leaves. It may at most what they may now. */
export function prepareSpaceToken(by: Principal, byRole: Role, workspaceId: string, wanted: Wanted) {
  if (!atLeast(byRole, wanted.role))
    throw new ApiError("FORBIDDEN", `Your role, ${byRole}, does not make a token of the role ${wanted.role}`, { reason: "role" });
  return newToken(by, newId(prefixes.user), workspaceId, wanted);
}

export async function createSpaceToken(
  tx: Tx,
  { row }: ReturnType<typeof prepareSpaceToken>,
  workspaceId: string,
  role: GivenRole,
): Promise<SpaceToken> {
  await refuseFull(tx, workspaceId);
  const username = usernameOf(row.user_id);
  await insertService(tx, row.user_id, username, row.name, workspaceId, role);
  return { ...(await insertToken(tx, row)), workspace_id: workspaceId, username, role };
}

/** The service is a member no more; what it did is still told of it. */
export async function revokeSpaceToken(tx: Tx, token: SpaceToken): Promise<SpaceToken> {
  await deleteMember(tx, token.workspace_id, token.user_id);
  return { ...token, ...(await revokeToken(tx, token.id)), workspace_id: token.workspace_id };
}

export const shownSpaceToken = (token: SpaceToken) => ({ ...shownToken(token), username: token.username, role: token.role as GivenRole });
