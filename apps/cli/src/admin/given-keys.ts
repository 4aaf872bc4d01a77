import { existsSync } from "node:fs";
import { join } from "node:path";
import { kmsMasterKey } from "@takosumi/keyring/kms-master-key";
import { localMasterKey, type MasterKey } from "@takosumi/keyring/master-key";
import { readMasterKeys } from "@takosumi/keyring/master-key-file";
import { parseMasterKeys } from "@takosumi/keyring/master-key-text";
import type { AdminEnv } from "../env.ts";

export interface GivenKeys {
  readonly keys: readonly MasterKey[];
  readonly bytes: readonly Buffer[];
  /** Where they came from, if that can be written; null for a variable. */
  readonly file: string | null;
}

/** The master keys that the API is given, in their order: the first is the one to use. */
export async function givenKeys({
  TAKOSUMI_MASTER_KEY: text,
  TAKOSUMI_MASTER_KEY_FILE: named,
  TAKOSUMI_KMS_KEY: kms,
  TAKOSUMI_DATA_DIR: dir,
}: AdminEnv): Promise<GivenKeys> {
  const path = named ?? join(dir, "master.key");
  const file = text === undefined && (kms === undefined || existsSync(path)) ? path : null;
  const bytes = file !== null ? await readMasterKeys(file) : text === undefined ? [] : parseMasterKeys(text);
  const service = kms === undefined ? [] : [await kmsMasterKey(kms)];
  return { keys: [...service, ...bytes.map((key) => localMasterKey(key))], bytes, file };
}
