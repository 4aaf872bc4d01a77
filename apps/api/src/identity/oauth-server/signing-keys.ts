import { createHash, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import { instanceChain } from "@takosumi/db/audit";
import type { Place } from "@takosumi/keyring/place";
import type { JWK } from "oidc-provider";
import type { Resources } from "../../resources.ts";
import { type KeyRow, lockKeys, replaceKey, shownKeys } from "./repository.ts";

/** Days that a key signs. */
const lifetime = 90;
const generate = promisify(generateKeyPair);
const place = (id: string): Place => ({ table: "oauth_signing_keys", workspace: instanceChain, row: id, field: "private_key" });

type Needs = Pick<Resources, "db" | "keyring">;

/** The private keys, the one that signs first. Where there is none, or it has signed for 90 days, a new one takes its place: once, however many processes ask. */
export async function signingKeys({ db, keyring }: Needs): Promise<readonly JWK[]> {
  let rows = await shownKeys(db);
  if (due(rows)) {
    const fresh = await newKey();
    const sealed = await keyring.seal(place(fresh.kid), JSON.stringify(fresh));
    await db.transaction(async (tx) => {
      await lockKeys(tx);
      if (due(await shownKeys(tx))) await replaceKey(tx, fresh.kid, sealed);
    });
    rows = await shownKeys(db);
  }
  return Promise.all(rows.map(async ({ id, sealed }) => JSON.parse((await keyring.open(place(id), sealed)).toString("utf8")) as JWK));
}

const due = ([newest]: readonly KeyRow[]): boolean => !newest || newest.age >= lifetime;

async function newKey(): Promise<JWK & { readonly kid: string }> {
  const { privateKey } = await generate("rsa", { modulusLength: 2_048 });
  const jwk = privateKey.export({ format: "jwk" });
  const kid = createHash("sha256").update(`${jwk.n}`).digest("base64url").slice(0, 16);
  return { ...(jwk as JWK), kid: `takos-oauth-${kid}`, use: "sig", alg: "RS256" };
}
