import { join } from "node:path";
import { diskNotes } from "@takosumi/blobs/notes";
import { dataKeyStore } from "@takosumi/db/data-keys";
import { openDb } from "@takosumi/db/db";
import { runningUrl } from "@takosumi/db/embedded/running";
import { readCanary } from "@takosumi/db/key-rotation";
import { openKeyring } from "@takosumi/keyring/envelope";
import { givenKeys } from "@takosumi/keyring/given-keys";
import { type MasterKey, MasterKeyError } from "@takosumi/keyring/master-key";
import { type AdminEnv, readAdminEnv } from "../env.ts";

/** What an admin command works with; `close` ends it. */
export type Ground = Awaited<ReturnType<typeof openGround>>;

/** Opens the database and the keys that sealed it. Throws with what to do where one is missing or the key is another's. */
export async function openGround(env: AdminEnv = readAdminEnv()) {
  const url = env.DATABASE_URL ?? (await runningUrl(env.TAKOSUMI_DATA_DIR));
  if (!url)
    throw new Error(`No database runs in ${env.TAKOSUMI_DATA_DIR}: set DATABASE_URL, or TAKOSUMI_DATA_DIR to that of a running npm start`);
  const db = await openDb({ url, poolSize: 4, applicationName: "takosumi admin" });
  try {
    const canary = await readCanary(db);
    if (canary === null) throw new Error("This database has no key yet: start the API on it once");
    const given = await givenKeys(env, false);
    const [first] = given.keys;
    if (!first) throw new MasterKeyError("No master key was given");
    const keyringOf = (masterKeys: readonly MasterKey[], current?: string) =>
      openKeyring({
        masterKeys,
        ...(current !== undefined && { current }),
        store: { ...dataKeyStore(db), masterKeyId: async () => current ?? null },
      });
    const keyring = openKeyring({ masterKeys: given.keys, store: dataKeyStore(db) });
    await keyring.verifyCanary(canary);
    const directory = join(env.TAKOSUMI_DATA_DIR, "blobs");
    const anchors = diskNotes({ directory, name: "audit", keyring });
    return { db, env, given, canary, keyring, keyringOf, directory, anchors, close: () => db.close() };
  } catch (error) {
    await db.close();
    throw error;
  }
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);
