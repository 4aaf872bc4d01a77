import { existsSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "@takosumi/contracts/instance/start-errors";
import { dataKeyStore } from "@takosumi/db/data-keys";
import type { Db } from "@takosumi/db/db";
import { type Keyring, openKeyring } from "@takosumi/keyring/envelope";
import { kmsMasterKey } from "@takosumi/keyring/kms-master-key";
import { localMasterKey, type MasterKey, MasterKeyError } from "@takosumi/keyring/master-key";
import { createMasterKeyFile, readMasterKeys } from "@takosumi/keyring/master-key-file";
import { parseMasterKeys } from "@takosumi/keyring/master-key-text";
import type { Env } from "../env.ts";
import { readSetting, writeSettingOnce } from "./repository.ts";

export const canarySetting = "key_canary";

/** Opens the keyring, and proves that its key is the one that this database was sealed with. A wrong key stops the start, and changes nothing. */
export async function openInstanceKeyring(db: Db, env: Env): Promise<Keyring> {
  try {
    const canary = await readSetting(db, canarySetting);
    const masterKeys = await givenKeys(env, canary === null);
    // A key that was rotated since the start is found in the file, without another start.
    const reload = () => givenKeys(env, false);
    const keyring = openKeyring({ masterKeys, store: dataKeyStore(db), reload });
    if (canary === null) await writeSettingOnce(db, canarySetting, await keyring.canary());
    await keyring.verifyCanary(canary ?? (await readSetting(db, canarySetting)) ?? "");
    return keyring;
  } catch (error) {
    if (error instanceof MasterKeyError) throw new StartError("wrong_key", error.message);
    throw error;
  }
}

/** The first of them is the one to use; the others still open what they wrapped. A new key is only made for data that nothing was sealed in yet: a lost key file is never replaced by another one. */
async function givenKeys(env: Env, unsealed: boolean): Promise<MasterKey[]> {
  const kms = env.TAKOSUMI_KMS_KEY === undefined ? [] : [await kmsMasterKey(env.TAKOSUMI_KMS_KEY)];
  // Beside a key service, keys of our own are there only for what they wrapped before.
  const own = kms.length > 0 && !anyOwn(env) ? [] : await ownKeys(env, unsealed);
  return [...kms, ...own.map((key) => localMasterKey(key))];
}
const anyOwn = ({ TAKOSUMI_MASTER_KEY: text, TAKOSUMI_MASTER_KEY_FILE: file, TAKOSUMI_DATA_DIR: dir }: Env): boolean =>
  text !== undefined || file !== undefined || existsSync(join(dir, "master.key"));

async function ownKeys(
  { TAKOSUMI_MASTER_KEY: text, TAKOSUMI_MASTER_KEY_FILE: file, TAKOSUMI_DATA_DIR: dir }: Env,
  unsealed: boolean,
): Promise<Buffer[]> {
  if (text !== undefined) return parseMasterKeys(text);
  if (file !== undefined) return readMasterKeys(file);
  const path = join(dir, "master.key");
  if (existsSync(path)) return readMasterKeys(path);
  if (unsealed) return [await createMasterKeyFile(path)];
  throw new MasterKeyError(`The master key of this data is missing: put it back at ${path}, or give it as TAKOSUMI_MASTER_KEY`);
}
