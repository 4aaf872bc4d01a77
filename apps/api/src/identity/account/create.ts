import { newId, prefixes } from "@takosumi/contracts/ids";
import { UniqueViolation } from "@takosumi/db/errors";
import type { Tx } from "../../world.ts";
import { takeName } from "../names/repository.ts";
import { type AccountRow, insertPerson, readAccount } from "./repository.ts";
import { nameTaken } from "./service.ts";

export interface NewPerson {
  readonly username: string;
  readonly name: string;
  readonly email: string | null;
  /** Somebody showed that the address is theirs. */
  readonly email_verified: boolean;
  readonly picture: string | null;
  readonly password_hash: string | null;
  /** The username is of their own choice. */
  readonly setup_completed: boolean;
}

/** A person with a space of their own. 409 where the username is taken. */
export async function createPerson(tx: Tx, person: NewPerson): Promise<AccountRow> {
  const ids = { user_id: newId(prefixes.user), workspace_id: newId(prefixes.workspace) };
  await insertPerson(tx, ids, person).catch((error: unknown) => {
    throw error instanceof UniqueViolation ? nameTaken(person.username) : error;
  });
  if (!(await takeName(tx, person.username, ids.workspace_id))) throw nameTaken(person.username);
  return readAccount(tx, ids.user_id);
}
