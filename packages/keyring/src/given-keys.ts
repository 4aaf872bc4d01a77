import { existsSync } from "node:fs";
import { join } from "node:path";
import { kmsMasterKey } from "./kms-master-key.ts";
import { localMasterKey, type MasterKey, MasterKeyError } from "./master-key.ts";
import { createMasterKeyFile, readMasterKeys } from "./master-key-file.ts";
import { parseMasterKeys } from "./master-key-text.ts";

/** The settings that say which master keys there are. */
export interface KeySettings {
  readonly TAKOSUMI_MASTER_KEY?: string | undefined;
  readonly TAKOSUMI_MASTER_KEY_FILE?: string | undefined;
  readonly TAKOSUMI_KMS_KEY?: string | undefined;
  readonly TAKOSUMI_DATA_DIR: string;
}
export interface GivenKeys {
  /** The first is the one to use; the others still open what they wrapped. */
  readonly keys: readonly MasterKey[];
  /** Those of our own among them. */
  readonly bytes: readonly Buffer[];
  /** The file that they are in; null where they were given as text, or where a key service alone was named. */
  readonly file: string | null;
}

/**
 * The master keys that an instance is given. `unsealed`: nothing was sealed yet, and a first key may be made. A lost key file is never
 * replaced by another one. Throws MasterKeyError.
 */
export async function givenKeys(settings: KeySettings, unsealed: boolean): Promise<GivenKeys> {
  const { TAKOSUMI_KMS_KEY: kms } = settings;
  const service = kms === undefined ? [] : [await kmsMasterKey(kms)];
  const { bytes, file } = await ownKeys(settings, unsealed);
  return { keys: [...service, ...bytes.map((key) => localMasterKey(key))], bytes, file };
}

async function ownKeys(settings: KeySettings, unsealed: boolean): Promise<Pick<GivenKeys, "bytes" | "file">> {
  const { TAKOSUMI_MASTER_KEY: text, TAKOSUMI_MASTER_KEY_FILE: named, TAKOSUMI_KMS_KEY: kms, TAKOSUMI_DATA_DIR: dir } = settings;
  if (text !== undefined) return { bytes: parseMasterKeys(text), file: null };
  if (named !== undefined) return { bytes: await readMasterKeys(named), file: named };
  const file = join(dir, "master.key");
  if (existsSync(file)) return { bytes: await readMasterKeys(file), file };
  // Beside a key service, keys of our own are there only for what they wrapped before.
  if (kms !== undefined) return { bytes: [], file: null };
  if (unsealed) return { bytes: [await createMasterKeyFile(file)], file };
  throw new MasterKeyError(`The master key of this data is missing: put it back at ${file}, or give it as TAKOSUMI_MASTER_KEY`);
}
