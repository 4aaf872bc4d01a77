import { createActor } from "@takosumi/testkit/actors";
import type { TestApi } from "@takosumi/testkit/api";
import { type Call, caller } from "@takosumi/testkit/call";

export interface Person {
  readonly call: Call;
  readonly user_id: string;
  readonly username: string;
  readonly token: string;
  /** Of their own. */
  readonly workspace_id: string;
}
/** Somebody with an account. */
export async function person({ url, database: { db } }: TestApi): Promise<Person> {
  const actor = await createActor(db);
  const { username } = await db.prisma.users.findUniqueOrThrow({ where: { id: actor.user_id } });
  return { ...actor, username, call: caller(url, actor.token) };
}

/** A space of somebody's, with others in it as this. */
export async function spaceOf(owner: Person, name: string, ...members: readonly (readonly [Person, "admin" | "editor" | "viewer"])[]) {
  const made = await owner.call("POST", "/api/spaces", { body: { name } });
  if (made.status !== 201) throw new Error(`Making a space answered ${made.status}: ${JSON.stringify(made.body)}`);
  const { space } = made.body;
  for (const [{ username }, role] of members) {
    const { status, body } = await owner.call("POST", `/api/spaces/${space.id}/members`, { body: { username, role } });
    if (status !== 201) throw new Error(`Adding ${username} answered ${status}: ${JSON.stringify(body)}`);
  }
  return space as { readonly id: string; readonly slug: string };
}
