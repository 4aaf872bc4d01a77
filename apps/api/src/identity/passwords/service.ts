import { ApiError } from "@takosumi/contracts/errors";
import { countPassword } from "../../pipeline/attempts/counted.ts";
import type { Db, Tx } from "../../world.ts";
import { type AccountRow, readAccount } from "../account/repository.ts";
import { endOtherSessions, insertSession, type NewSession } from "../sessions/repository.ts";
import { hashPassword, isPassword } from "./hash.ts";
import { findByUsername, findPassword, putPassword } from "./repository.ts";

/** Who this is. A wrong password and a name that nobody has are one answer, at one price. */
export async function whoHas(
  db: Db,
  username: string,
  password: string,
  limit: number,
): Promise<{ readonly id: string; readonly name: string }> {
  const plain = username.trim().replace(/^@/, "").toLowerCase();
  await countPassword(db, plain, limit);
  const found = await findByUsername(db, plain);
  if (!(await isPassword(password, found?.password_hash ?? null)) || !found)
    throw new ApiError("UNAUTHORIZED", "The username or the password is wrong", { reason: "invalid" });
  return found;
}

/** A password that holds the username is among the first that are tried. */
export function refuseUsername(path: string, password: string, username: string): void {
  const message = "holds the username";
  if (password.toLowerCase().includes(username.toLowerCase()))
    throw new ApiError("BAD_REQUEST", `${path}: ${message}`, { reason: "invalid", fields: [{ path, message }] });
}

export interface Prepared {
  readonly hash: string;
  readonly before: string | null;
}
/** Hashes outside of any transaction. A password that is set is only replaced by whoever knows it. */
export async function preparePassword(
  db: Db,
  userId: string,
  { current_password, new_password }: { readonly current_password?: string | undefined; readonly new_password: string },
): Promise<Prepared> {
  const { password_hash: before = null, username = "" } = (await findPassword(db, userId)) ?? {};
  if (before !== null && !(await isPassword(current_password ?? "", before)))
    throw new ApiError("FORBIDDEN", "current_password: is not the password of this account", {
      fields: [{ path: "current_password", message: "is not the password of this account" }],
    });
  refuseUsername("new_password", new_password, username);
  return { hash: await hashPassword(new_password), before };
}

/** Every session of the account ends, and this one begins. */
export async function setPassword(tx: Tx, userId: string, { hash, before }: Prepared, next: NewSession): Promise<AccountRow> {
  if (!(await putPassword(tx, userId, hash, before)))
    throw new ApiError("CONFLICT", "The password was changed at the same moment: sign in again", { reason: "lost_race" });
  await insertSession(tx, next);
  await endOtherSessions(tx, userId, next.id);
  return readAccount(tx, userId);
}
