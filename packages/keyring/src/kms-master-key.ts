import { fromBase64url } from "./base64url.ts";
import { type MasterKey, MasterKeyError, type WrapContext } from "./master-key.ts";
import { SealError } from "./seal-error.ts";

const wrapVersion = "tkms1";
/** Not the bytes that it wrapped, or not for this context: what a changed or moved key is, too. */
const unopened = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

/**
 * A master key that AWS KMS holds and never gives away: data keys are wrapped there, bound to their id and Workspace as encryption
 * context. Region, credentials and endpoint are what the AWS SDK takes from the environment. Loaded only where it is used.
 */
export async function kmsMasterKey(id: string): Promise<MasterKey> {
  const { DecryptCommand, EncryptCommand, KMSClient } = await import("@aws-sdk/client-kms");
  const client = new KMSClient({ maxAttempts: 4 });
  const asked = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      const { name = "Error" } = error as { name?: string };
      if (unopened.has(name)) throw new SealError();
      throw new MasterKeyError(
        `AWS KMS did not answer for the key ${id} (${name}): check TAKOSUMI_KMS_KEY, the region, and the permission to encrypt and decrypt`,
      );
    }
  };
  return {
    id,
    async wrap(plaintext: Uint8Array, context: WrapContext): Promise<string> {
      const { CiphertextBlob } = await asked(
        client.send(new EncryptCommand({ KeyId: id, Plaintext: plaintext, EncryptionContext: { ...context } })),
      );
      if (!CiphertextBlob) throw new MasterKeyError(`AWS KMS gave nothing back for the key ${id}`);
      return `${wrapVersion}.${Buffer.from(CiphertextBlob).toString("base64url")}`;
    },
    async unwrap(wrapped: string, context: WrapContext): Promise<Buffer> {
      if (!wrapped.startsWith(`${wrapVersion}.`)) throw new SealError();
      const CiphertextBlob = fromBase64url(wrapped.slice(wrapVersion.length + 1));
      const { Plaintext } = await asked(client.send(new DecryptCommand({ KeyId: id, CiphertextBlob, EncryptionContext: { ...context } })));
      if (!Plaintext) throw new SealError();
      return Buffer.from(Plaintext);
    },
  };
}
