import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openKeyring } from "../src/envelope.ts";
import { kmsMasterKey } from "../src/kms-master-key.ts";
import { localMasterKey, MasterKeyError } from "../src/master-key.ts";
import { rewrapAll } from "../src/rotation.ts";
import { SealError } from "../src/seal-error.ts";
import { MemoryStore } from "./memory-store.ts";
import { here } from "./places.ts";

const arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const secret = randomBytes(32);
const seen: string[] = [];

/** Speaks the JSON protocol of AWS KMS for one key: Encrypt and Decrypt with an encryption context. */
function kms(): Server {
  return createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, string> & { EncryptionContext?: object };
    const target = String(request.headers["x-amz-target"]);
    seen.push(`${target} ${String(request.headers.authorization).slice(0, 16)}`);
    const answer = (status: number, value: object) =>
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(value));
    const fail = (type: string) => answer(400, { __type: type, message: "no" });
    if (body.KeyId !== arn) return void fail("NotFoundException");
    const bound = Buffer.from(JSON.stringify(Object.entries(body.EncryptionContext ?? {}).sort()));
    if (target === "TrentService.Encrypt") {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", secret, nonce).setAAD(bound);
      const sealed = Buffer.concat([
        nonce,
        cipher.update(Buffer.from(body.Plaintext ?? "", "base64")),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      return void answer(200, { KeyId: arn, CiphertextBlob: sealed.toString("base64") });
    }
    try {
      const sealed = Buffer.from(body.CiphertextBlob ?? "", "base64");
      const open = createDecipheriv("aes-256-gcm", secret, sealed.subarray(0, 12)).setAAD(bound).setAuthTag(sealed.subarray(-16));
      const plain = Buffer.concat([open.update(sealed.subarray(12, -16)), open.final()]);
      answer(200, { KeyId: arn, Plaintext: plain.toString("base64") });
    } catch {
      fail("InvalidCiphertextException");
    }
  });
}

let server: Server;
const given = ["AWS_ENDPOINT_URL_KMS", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] as const;
const before = given.map((name) => [name, process.env[name]] as const);
beforeAll(async () => {
  server = kms().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_KMS: url,
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIATEST",
    AWS_SECRET_ACCESS_KEY: "test",
  });
});
afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  server.closeAllConnections();
  server.close();
});

it("wraps data keys in the service, bound to their id and Workspace, with signed calls", async () => {
  const store = new MemoryStore();
  const keyring = openKeyring({ masterKeys: [await kmsMasterKey(arn)], store });
  const sealed = await keyring.seal(here, "value");
  const again = openKeyring({ masterKeys: [await kmsMasterKey(arn)], store });
  expect(String(await again.open(here, sealed))).toBe("value");
  const [row] = store.rows.values();
  expect(row).toMatchObject({ master_key_id: arn, wrapped: expect.stringMatching(/^tkms1\./) });
  expect(new Set(seen)).toEqual(new Set(["TrentService.Encrypt AWS4-HMAC-SHA256", "TrentService.Decrypt AWS4-HMAC-SHA256"]));
  await again.verifyCanary(await keyring.canary());
});

it("a key that was moved to another Workspace or changed does not open", async () => {
  const master = await kmsMasterKey(arn);
  const wrapped = await master.wrap(Buffer.alloc(32, 1), { data_key: "dk_1", workspace: "ws_1" });
  expect(await master.unwrap(wrapped, { data_key: "dk_1", workspace: "ws_1" })).toEqual(Buffer.alloc(32, 1));
  await expect(master.unwrap(wrapped, { data_key: "dk_1", workspace: "ws_2" })).rejects.toThrow(SealError);
  await expect(master.unwrap(`${wrapped.slice(0, -3)}AAA`, { data_key: "dk_1", workspace: "ws_1" })).rejects.toThrow(SealError);
  await expect(master.unwrap("tw1.AAAA", { data_key: "dk_1", workspace: "ws_1" })).rejects.toThrow(SealError);
});

it("a key that the service does not have is said so, without a secret", async () => {
  const wrong = (await kmsMasterKey("alias/nobodys")).wrap(Buffer.alloc(32), {});
  await expect(wrong).rejects.toThrow(MasterKeyError);
  await expect(wrong).rejects.toThrow(/NotFoundException.*TAKOSUMI_KMS_KEY/);
});

it("takes over from a key of our own while both open", async () => {
  const store = new MemoryStore();
  const own = localMasterKey(randomBytes(32));
  const sealed = await openKeyring({ masterKeys: [own], store }).seal(here, "value");
  const keyring = openKeyring({ masterKeys: [await kmsMasterKey(arn), own], store });
  await rewrapAll(keyring, [...store.rows.values()], async (row) => store.makeCurrent(row));
  expect(String(await openKeyring({ masterKeys: [await kmsMasterKey(arn)], store }).open(here, sealed))).toBe("value");
});
