import { randomBytes } from "node:crypto";
import { appendAudit } from "@takosumi/db/audit";
import { dataKeysUnderOthers, saveRewrapped, swapCanary } from "@takosumi/db/key-rotation";
import { masterOfCanary } from "@takosumi/keyring/canary";
import { localMasterKey, type MasterKey, masterKeyLength } from "@takosumi/keyring/master-key";
import { readMasterKeys, writeMasterKeys } from "@takosumi/keyring/master-key-file";
import { rewrapAll } from "@takosumi/keyring/rotation";
import { type Ground, say } from "./ground.ts";

export const adminActor = { id: "admin", kind: "service", name: "takosumi admin" } as const;

/**
 * Brings every data key under the next master key. Each step may be the last before a crash: run it again and it goes on. Processes that
 * run meanwhile find the new key in the file when they first need it; until the end the one before opens as well.
 */
export async function rotateMaster(ground: Ground): Promise<void> {
  const { db, given, canary, keyringOf } = ground;
  const before = masterOfCanary(canary);
  const next = await nextKey(ground);
  const keyring = keyringOf([...given.keys.filter(({ id }) => id !== next.id), next], next.id);
  if (before !== next.id) {
    // From this moment on no data key is made under the one before.
    if (!(await swapCanary(db, canary, await keyring.canary()))) throw new Error("The master key is being rotated by somebody else");
    say(`master key ${before} -> ${next.id}`);
  }
  const { rewrapped } = await rewrapAll(keyring, dataKeysUnderOthers(db, next.id), (row, old) => saveRewrapped(db, row, old));
  say(`data keys wrapped anew: ${rewrapped}`);
  await db.transaction((tx) =>
    appendAudit(tx, {
      workspace_id: null,
      actor: adminActor,
      action: "keys.rotated",
      target: { type: "master_key", id: next.id },
      metadata: { before, data_keys: rewrapped },
    }),
  );
  await retireFile(ground, next);
}

/** The first key that was given, where it is not the current one; else a new one, which stands in the file before anything is wrapped by it. */
export async function nextKey({ given, canary }: Ground): Promise<MasterKey> {
  const before = masterOfCanary(canary);
  const [first, second] = given.keys;
  if (first && first.id !== before) return first;
  // A rotation that was cut off before its last step: the new key is the current one, and the old one still stands in the file.
  if (first && second) return first;
  if (given.file === null)
    throw new Error(
      "TAKOSUMI_MASTER_KEY holds one key: put the new one before it (new,old), start every API with both, and run this again",
    );
  const bytes = randomBytes(masterKeyLength);
  await writeMasterKeys(given.file, [bytes, ...given.bytes]);
  return localMasterKey(bytes);
}

/** The old key opens nothing of this data any more; older backups still need it. */
async function retireFile({ given, env }: Ground, next: MasterKey): Promise<void> {
  if (given.file === null) return say("now TAKOSUMI_MASTER_KEY may hold the new key alone");
  const all = await readMasterKeys(given.file);
  const [now] = all;
  if (!now || localMasterKey(now).id !== next.id || all.length === 1) return;
  const kept = `${given.file}.before-${next.id}`;
  await writeMasterKeys(kept, all.slice(1));
  await writeMasterKeys(given.file, [now]);
  say(`the key before lies in ${kept.replace(env.TAKOSUMI_DATA_DIR, "<data directory>")}: only backups made until now need it`);
}
