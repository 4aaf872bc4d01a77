import { instanceChain } from "@takosumi/db/audit";
import type { Place } from "@takosumi/keyring/place";
import type { Answer, Claim, Replay } from "@takosumi/transport/application";
import type { Resources } from "../resources.ts";
import { findClaim } from "./repository.ts";

type Held = Pick<Claim, "principal_id" | "key">;
type Answered = Answer & Pick<Claim, "digest">;

/** Sealed for the instance: the answer may be about several Workspaces, or about none. */
const place = ({ principal_id, key }: Held): Place => ({
  table: "idempotency_claims",
  workspace: instanceChain,
  row: `${principal_id} ${key}`,
  field: "answer",
});

/** The digest of the request lies beside the answer: it may cover a secret that is easily guessed. */
export const sealAnswer = ({ keyring }: Pick<Resources, "keyring">, claim: Claim, answer: Answer): Promise<string> =>
  keyring.seal(place(claim), JSON.stringify({ ...answer, digest: claim.digest } satisfies Answered));

/** The answer of the same key within 24 h, and the digest of the request that it answered: the pipeline compares. */
export async function replay({ db, keyring }: Pick<Resources, "db" | "keyring">, claim: Claim): Promise<Replay | null> {
  const kept = await findClaim(db, claim.principal_id, claim.key);
  if (!kept) return null;
  const answered: Answered = JSON.parse((await keyring.open(place(claim), kept.answer)).toString("utf8"));
  return { ...answered, operation: kept.operation };
}

/** Loads the key that seals answers, so that no transaction waits for a second connection to do it. */
export const warmClaims = async ({ keyring }: Pick<Resources, "keyring">): Promise<void> => {
  await keyring.seal(place({ principal_id: "-", key: "-" }), "");
};
