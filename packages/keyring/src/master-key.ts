import { createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { fromBase64url } from "./base64url.ts";
import { decrypt, encrypt, nonceLength } from "./gcm.ts";
import { lengthPrefixed } from "./place.ts";
import { SealError } from "./seal-error.ts";

/** What the wrapped key belongs to; authenticated. A flat map of strings, as a KMS's encryption context is. */
export type WrapContext = Readonly<Record<string, string>>;

/** What wraps data keys: 32 bytes of ours, or a key management service that never gives its key away. */
export interface MasterKey {
  /** `[A-Za-z0-9_:/-]`, up to 256 characters. Stands in every row that it wrapped. */
  readonly id: string;
  wrap(plaintext: Uint8Array, context: WrapContext): Promise<string>;
  /** Throws SealError for another context, another key, or changed text. */
  unwrap(wrapped: string, context: WrapContext): Promise<Buffer>;
}

/** The key given at start is not usable, or not the one that sealed this data. The message is for the operator and holds no key. */
export class MasterKeyError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MasterKeyError";
  }
}

export const masterKeyLength = 32;
export const masterKeyId = /^[A-Za-z0-9_:/-]{1,256}$/;
const wrapVersion = "tw1";

/** A name for a master key that may be shown and stored: `mk_` and 16 hex digits of a one-way derivation. */
export function fingerprint(key: Uint8Array): string {
  return `mk_${Buffer.from(hkdfSync("sha256", key, "", "takosumi/fingerprint/v1", 8)).toString("hex")}`;
}

/** A master key held in this process. Its id is its fingerprint, so that a wrong key is known by name. */
export function localMasterKey(key: Uint8Array, id: string = fingerprint(key)): MasterKey {
  if (key.length !== masterKeyLength) throw new MasterKeyError(`A master key has ${masterKeyLength} bytes; this one has ${key.length}`);
  const secret = createSecretKey(key);
  const bound = (context: WrapContext) => lengthPrefixed([wrapVersion, id, ...Object.entries(context).sort(byName).flat()]);
  return {
    id,
    async wrap(plaintext, context) {
      const nonce = randomBytes(nonceLength);
      const sealed = encrypt({ key: secret, nonce, bound: bound(context) }, plaintext);
      return `${wrapVersion}.${Buffer.concat([nonce, sealed]).toString("base64url")}`;
    },
    async unwrap(wrapped, context) {
      if (!wrapped.startsWith(`${wrapVersion}.`)) throw new SealError();
      const bytes = fromBase64url(wrapped.slice(wrapVersion.length + 1));
      const nonce = bytes.subarray(0, nonceLength);
      if (nonce.length < nonceLength) throw new SealError();
      return decrypt({ key: secret, nonce, bound: bound(context) }, bytes.subarray(nonceLength));
    },
  };
}

const byName = ([a]: [string, string], [b]: [string, string]) => (a < b ? -1 : 1);
