import { ApiError } from "@takosumi/contracts/errors";
import { nameProblem } from "@takosumi/contracts/identity/names";
import { newId } from "@takosumi/contracts/ids";
import { slugOf, slugsAfter } from "../../deploy/projects/slug.ts";
import type { Tx } from "../../world.ts";
import { createPerson } from "../account/create.ts";
import type { Identity } from "./provider.ts";
import { insertIdentity, isInvited, namesTaken, personOfIdentity } from "./repository.ts";

/** `invited`, `open`, and domains of addresses. */
export type Signup = readonly string[];
const tries = 100;
const longestName = 24;

/** Who this identity is: somebody who is known by it, or a new account where that is let in. Never somebody with the same address. */
export async function personOf(
  tx: Tx,
  identity: Identity,
  signup: Signup,
): Promise<{ readonly id: string; readonly name: string; readonly made: boolean }> {
  const known = await personOfIdentity(tx, identity.issuer, identity.subject);
  if (known) return { ...known, made: false };
  if (!(await letIn(tx, identity, signup)))
    throw new ApiError("FORBIDDEN", "Nobody is known by this identity here: ask for an invitation to its address", { reason: "policy" });
  const username = await freeUsername(tx, identity);
  const made = await createPerson(tx, {
    username,
    name: identity.name ?? username,
    email: identity.email,
    email_verified: identity.email_verified,
    picture: identity.picture,
    password_hash: null,
    setup_completed: false,
  });
  await claim(tx, made.id, identity);
  return { id: made.id, name: made.name, made: true };
}

async function letIn(tx: Tx, { email, email_verified }: Identity, signup: Signup): Promise<boolean> {
  if (signup.includes("open")) return true;
  if (email === null || !email_verified) return false;
  const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
  return signup.includes(domain) || (signup.includes("invited") && (await isInvited(tx, email)));
}

/** Of the address, else of the name. */
async function freeUsername(tx: Tx, { email, name }: Identity): Promise<string> {
  const local = email?.slice(0, email.lastIndexOf("@"));
  const wished = slugOf(local || name || "user")
    .slice(0, longestName)
    .replace(/-+$/, "");
  const candidates = slugsAfter(wished.length < 3 ? `user-${wished}` : wished, tries).filter((one) => nameProblem(one) === null);
  const taken = await namesTaken(tx, candidates);
  return candidates.find((one) => !taken.has(one)) ?? `user-${newId("usr_").slice(-12)}`;
}

async function claim(tx: Tx, user_id: string, { issuer, subject, email }: Identity): Promise<void> {
  if (!(await insertIdentity(tx, { id: newId("idn_"), user_id, issuer, subject, email })))
    throw new ApiError("CONFLICT", "Somebody signed in with this identity at the same moment: try again", { reason: "lost_race" });
}

/** From now on the account is also known by this identity. */
export async function linkIdentity(tx: Tx, userId: string, identity: Identity): Promise<"success" | "already_linked" | "identity_taken"> {
  const known = await personOfIdentity(tx, identity.issuer, identity.subject);
  if (known) return known.id === userId ? "already_linked" : "identity_taken";
  await claim(tx, userId, identity);
  return "success";
}
