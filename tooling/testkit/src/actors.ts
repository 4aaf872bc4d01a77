import type { Role } from "@takosumi/contracts/access";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { Db } from "@takosumi/db/db";
import { hashToken, mintToken } from "@takosumi/keyring/tokens";

export interface Actor {
  readonly user_id: string;
  /** Their personal Workspace. */
  readonly workspace_id: string;
  readonly token: string;
}
export interface TokenOptions {
  readonly scopes?: readonly string[];
  readonly workspace_id?: string;
  readonly expires_at?: Date;
  readonly revoked_at?: Date;
}

/** A user with a personal Workspace and a token that may all that they may. */
export async function createActor({ prisma }: Db): Promise<Actor> {
  const user_id = newId(prefixes.user);
  const workspace_id = newId(prefixes.workspace);
  const username = `u-${user_id.slice(-12)}`;
  await prisma.users.create({ data: { id: user_id, username, name: username } });
  await prisma.workspaces.create({ data: { id: workspace_id, slug: username, name: username, kind: "personal", owner_id: user_id } });
  await prisma.names.create({ data: { name: username, workspace_id } });
  await prisma.members.create({ data: { workspace_id, user_id, role: "owner" } });
  return { user_id, workspace_id, token: await createToken({ prisma }, user_id) };
}

/** A user who is this in that Workspace. */
export async function createMember(db: Db, workspace_id: string, role: Role): Promise<Actor> {
  const actor = await createActor(db);
  await db.prisma.members.create({ data: { workspace_id, user_id: actor.user_id, role } });
  return actor;
}

/** A token of a user; without options it may all that they may, for ever. */
export async function createToken(
  { prisma }: Pick<Db, "prisma">,
  user_id: string,
  { scopes, workspace_id, expires_at, revoked_at }: TokenOptions = {},
): Promise<string> {
  const token = mintToken("tak_pat_");
  const row = { id: newId(prefixes.token), user_id, name: "test", token_hash: hashToken(token) };
  await prisma.personal_access_tokens.create({
    data: {
      ...row,
      ...(scopes && { scopes: [...scopes] }),
      workspace_id: workspace_id ?? null,
      expires_at: expires_at ?? null,
      revoked_at: revoked_at ?? null,
    },
  });
  return token;
}
