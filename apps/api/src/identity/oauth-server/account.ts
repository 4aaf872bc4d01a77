import type { Account } from "oidc-provider";
import type { Db } from "../../world.ts";
import { findPerson } from "./repository.ts";

/** What a scope tells of a person. The library passes on those that were asked for and granted. */
export const claims = {
  openid: ["sub"],
  profile: ["name", "preferred_username", "picture", "user"],
  email: ["email", "email_verified", "user"],
};

/** Undefined for somebody who is not there any more: nothing is issued for them. */
export async function findAccount(db: Db, id: string): Promise<Account | undefined> {
  const person = await findPerson(db, id);
  if (!person) return undefined;
  return {
    accountId: id,
    claims: (_use, scope) => {
      const asked = scope.split(" ");
      const profile = asked.includes("profile") && {
        name: person.name,
        ...(person.picture !== null && { picture: person.picture }),
      };
      const email = asked.includes("email") && person.email !== null && { email: person.email };
      return {
        sub: id,
        ...profile,
        ...(profile && { preferred_username: person.username }),
        ...email,
        ...(email && { email_verified: person.email_verified }),
        user: { id, ...profile, ...email },
      };
    },
  };
}
