import { instanceChain } from "@takosumi/db/audit";
import type { Place } from "@takosumi/keyring/place";
import type { Answer, Claim, Replay } from "@takosumi/transport/application";
import type { Resources } from "../resources.ts";
import { findClaim } from "./repository.ts";

type Held = Pick<Claim, "principal_id" | "key">;

/** Sealed for the instance: the answer may be about several Workspaces, or about none. */
const place = ({ principal_id, key }: Held, field: "answer" | "request_digest"): Place => ({
  table: "idempotency_claims",
  workspace: instanceChain,
  row: `${principal_id} ${key}`,
  field,
});

/** The digest may cover a secret that is easily guessed, so that only a MAC of it is kept. */
export const keptDigest = ({ keyring }: Pick<Resources, "keyring">, claim: Claim): Promise<string> =>
  keyring.mac(place(claim, "request_digest"), claim.digest);

export const sealAnswer = ({ keyring }: Pick<Resources, "keyring">, held: Held, answer: Answer): Promise<string> =>
  keyring.seal(place(held, "answer"), JSON.stringify(answer));

/** The answer of the same key within 24 h. The pipeline compares: a digest that differs comes back as none. */
export async function replay({ db, keyring }: Pick<Resources, "db" | "keyring">, claim: Claim): Promise<Replay | null> {
  const kept = await findClaim(db, claim.principal_id, claim.key);
  if (!kept) return null;
  const same = await keyring.verifyMac(place(claim, "request_digest"), claim.digest, kept.request_digest);
  const answer: Answer = JSON.parse((await keyring.open(place(claim, "answer"), kept.answer)).toString("utf8"));
  return { ...answer, operation: kept.operation, digest: same ? claim.digest : "" };
}

/** Loads the key that seals answers, so that no transaction waits for a second connection to do it. */
export const warmClaims = async ({ keyring }: Pick<Resources, "keyring">): Promise<void> => {
  await keyring.mac(place({ principal_id: "-", key: "-" }, "request_digest"), "");
};
