import { StartError } from "@takosumi/contracts/instance/start-errors";
import { dataKeyStore } from "@takosumi/db/data-keys";
import type { Db } from "@takosumi/db/db";
import { type Keyring, openKeyring } from "@takosumi/keyring/envelope";
import { givenKeys } from "@takosumi/keyring/given-keys";
import { MasterKeyError } from "@takosumi/keyring/master-key";
import type { Env } from "../env.ts";
import { readSetting, writeSettingOnce } from "./repository.ts";

export const canarySetting = "key_canary";

/** Opens the keyring, and proves that its key is the one that this database was sealed with. A wrong key stops the start, and changes nothing. */
export async function openInstanceKeyring(db: Db, env: Env): Promise<Keyring> {
  try {
    const canary = await readSetting(db, canarySetting);
    const { keys: masterKeys } = await givenKeys(env, canary === null);
    // A key that was rotated since the start is found in the file, without another start.
    const reload = async () => (await givenKeys(env, false)).keys;
    const keyring = openKeyring({ masterKeys, store: dataKeyStore(db), reload });
    if (canary === null) await writeSettingOnce(db, canarySetting, await keyring.canary());
    await keyring.verifyCanary(canary ?? (await readSetting(db, canarySetting)) ?? "");
    return keyring;
  } catch (error) {
    if (error instanceof MasterKeyError) throw new StartError("wrong_key", error.message);
    throw error;
  }
}
