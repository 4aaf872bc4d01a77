import type { Transform } from "node:stream";
import { openCanary, sealCanary } from "./canary.ts";
import type { DataKeyRow, DataKeyStore } from "./data-key.ts";
import { DataKeys } from "./data-keys.ts";
import { keyOfMac, macMatches, macOf } from "./mac.ts";
import { type MasterKey, MasterKeyError, masterKeyId } from "./master-key.ts";
import { MasterKeys } from "./master-keys.ts";
import type { Place } from "./place.ts";
import { SealError } from "./seal-error.ts";
import { openingStream, openWhole, sealingStream, sealWhole } from "./sealed-stream.ts";
import { keyOfText, openText, sealText } from "./sealed-text.ts";

export interface KeyringOptions {
  /** All master keys that wrapped anything still in use; ids are unique. */
  readonly masterKeys: readonly MasterKey[];
  /** Id of the one that wraps new data keys. Default: the first. */
  readonly current?: string;
  readonly store: DataKeyStore;
  /** Reads the master keys again: asked where one is needed that is not known, since it may have been added after the start. */
  readonly reload?: () => Promise<readonly MasterKey[]>;
  /** Data keys held in memory. Default 1,000. */
  readonly capacity?: number;
  readonly now?: () => number;
}

/**
 * Seals what is stored. Everything opens only at the place it was sealed for; whatever does not open is a SealError,
 * while an error of the store or of a key management service passes through as it is.
 */
export interface Keyring {
  /** Text to store in a row: `tk1.…`. Up to 16 MiB. */
  seal(place: Place, plaintext: string | Uint8Array): Promise<string>;
  open(place: Place, sealed: string): Promise<Buffer>;
  /** Plaintext in, sealed bytes out. */
  sealStream(place: Place): Promise<Transform>;
  /** Sealed bytes in, authenticated plaintext out. A cut stream fails only at its end: use nothing before that. */
  openStream(place: Place): Promise<Transform>;
  /** The stream format, for bytes that are in memory. */
  sealBytes(place: Place, plaintext: Uint8Array): Promise<Buffer>;
  openBytes(place: Place, sealed: Buffer): Promise<Buffer>;
  /** Proves later that this data stood at this place: `tm1.…`. */
  mac(place: Place, data: Uint8Array | string): Promise<string>;
  /** False also where its key was closed. `store`: where the key is looked up, for who is in a transaction. */
  verifyMac(place: Place, data: Uint8Array | string, mac: string, store?: Pick<DataKeyStore, "byId">): Promise<boolean>;
  /** Asks the store anew which key seals for a Workspace: the one that was used may have been replaced. */
  forgetCurrent(workspace: string): void;
  /** The same value under the Workspace's current data key. */
  reseal(place: Place, sealed: string): Promise<string>;
  /** The same data key under the current master key; the very same row where nothing changes. */
  rewrap(row: DataKeyRow): Promise<DataKeyRow>;
  /** The same data key as one that opens, and proves nothing any more; the caller stores it. */
  closeDataKey(row: DataKeyRow): Promise<DataKeyRow>;
  /** A new data key for a Workspace; the caller stores it as the current one. */
  mintDataKey(workspace: string): Promise<DataKeyRow>;
  /** A known text under the current master key, to store once and check at each start. */
  canary(): Promise<string>;
  /** Throws MasterKeyError, with what to do, where the keys given are not those that made the canary. */
  verifyCanary(canary: string): Promise<void>;
}

export function openKeyring({ masterKeys, current, store, reload, capacity = 1000, now = Date.now }: KeyringOptions): Keyring {
  const byId = new Map(masterKeys.map((key) => [key.id, key]));
  const wraps = current === undefined ? masterKeys[0] : byId.get(current);
  if (!wraps)
    throw new MasterKeyError(current === undefined ? "No master key was given" : `The current master key ${current} was not given`);
  if (byId.size < masterKeys.length) throw new MasterKeyError("Two master keys have the same id");
  const odd = masterKeys.find(({ id }) => !masterKeyId.test(id));
  if (odd) throw new MasterKeyError("The id of a master key has 1 to 256 characters of A-Z a-z 0-9 _ : / -");
  const masters = new MasterKeys(masterKeys, wraps, reload);
  const keys = new DataKeys({ masterKeys: masters, store, capacity, now });

  const open = async (place: Place, sealed: string) => openText(await keys.byId(keyOfText(sealed), place.workspace), place, sealed);
  const seal = async (place: Place, plaintext: string | Uint8Array) => sealText(await keys.current(place.workspace), place, plaintext);
  const keyAt = (place: Place) => (id: string) => keys.byId(id, place.workspace);
  return {
    seal,
    open,
    sealStream: async (place) => sealingStream(await keys.current(place.workspace), place),
    openStream: async (place) => openingStream(place, keyAt(place)),
    sealBytes: async (place, plaintext) => sealWhole(await keys.current(place.workspace), place, plaintext),
    openBytes: (place, sealed) => openWhole(place, sealed, keyAt(place)),
    mac: async (place, data) => macOf(await keys.current(place.workspace), place, data),
    forgetCurrent: (workspace) => keys.forgetCurrent(workspace),
    async verifyMac(place, data, mac, store) {
      try {
        return macMatches(await keys.proving(keyOfMac(mac), place.workspace, store), place, data, mac);
      } catch (error) {
        if (error instanceof SealError) return false;
        throw error;
      }
    },
    reseal: async (place, sealed) => seal(place, await open(place, sealed)),
    rewrap: (row) => keys.rewrap(row),
    closeDataKey: (row) => keys.close(row),
    mintDataKey: (workspace) => keys.mint(workspace),
    canary: () => sealCanary(wraps),
    verifyCanary: (canary) => openCanary(masters, canary),
  };
}
