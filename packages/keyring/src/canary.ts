import { type MasterKey, MasterKeyError } from "./master-key.ts";
import type { MasterKeys } from "./master-keys.ts";
import { SealError } from "./seal-error.ts";

/** `tc1.<master key id>.<a known text, wrapped>` */
const version = "tc1";
const known = "takosumi/canary/v1";
const context = { purpose: "canary" };

export async function sealCanary(master: MasterKey): Promise<string> {
  return `${version}.${master.id}.${await master.wrap(Buffer.from(known), context)}`;
}

/** Id of the master key that made a canary: the one that wraps now. Null for text that is none. */
export const masterOfCanary = (canary: string): string | null => /^tc1\.([^.]+)\..+$/.exec(canary)?.[1] ?? null;

export async function openCanary(masterKeys: MasterKeys, canary: string): Promise<void> {
  const [, id, wrapped] = /^tc1\.([^.]+)\.(.+)$/.exec(canary) ?? [];
  if (id === undefined || wrapped === undefined) throw new MasterKeyError("The stored key canary is damaged: restore it from a backup");
  const master = await masterKeys.find(id);
  if (!master) {
    const given = masterKeys.ids.join(", ");
    throw new MasterKeyError(
      `This data was sealed with master key ${id}, and the key given is ${given}: start with the key that made the data`,
    );
  }
  const opened = await master.unwrap(wrapped, context).catch((error: unknown) => {
    if (error instanceof SealError) return Buffer.alloc(0);
    throw error;
  });
  if (opened.toString() !== known)
    throw new MasterKeyError(`The master key given as ${id} is not the one that sealed this data: start with that one`);
}
