import { expect, it } from "vitest";
import { secretParts } from "../src/parts.ts";
import { createRedactor } from "../src/redactor.ts";

const key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQDexample1234\n-----END PRIVATE KEY-----\n";
const base64 = (text: string) => Buffer.from(text).toString("base64");
/** What a redactor that knows a value and its parts leaves of a text. */
const shown = (value: string, text: string) => createRedactor([value, ...secretParts(value)].map((one) => ({ value: one }))).text(text);

it("finds the key in a service account's JSON, whichever way it is written, and leaves what is public", () => {
  const account = {
    type: "service_account",
    project_id: "acme-prod",
    private_key_id: "0a1b2c3d4e5f",
    private_key: key,
    client_email: "deploy@acme-prod.iam.gserviceaccount.com",
    token_uri: "https://oauth2.googleapis.com/token",
  };
  for (const value of [JSON.stringify(account), JSON.stringify(account, null, 2)]) {
    expect(secretParts(value)).toEqual(["0a1b2c3d4e5f", key]);
    expect(shown(value, "line BKcwggSjAgEAAoIBAQDexample1234 of key 0a1b2c3d4e5f")).toBe("line [redacted] of key [redacted]");
    expect(shown(value, "in acme-prod at https://oauth2.googleapis.com/token")).toBe("in acme-prod at https://oauth2.googleapis.com/token");
  }
});

it("finds tokens, and keys behind base64, in a kubeconfig", () => {
  const kubeconfig = `apiVersion: v1
clusters:
  - name: c
    cluster: { server: "https://c.example.com", certificate-authority-data: ${base64("-----BEGIN CERTIFICATE-----\npublic-line-1\n-----END CERTIFICATE-----\n")} }
users:
  - name: plain
    user:
      token: "eyJhbGciOi.payload.sig"  # of the account
      client-key-data: ${base64(key)}
  - { name: flow, user: { password: hunter2hunter2 } }
`;
  const parts = secretParts(kubeconfig);
  expect(parts).toEqual(expect.arrayContaining(["eyJhbGciOi.payload.sig", base64(key), key, "hunter2hunter2"]));
  expect(shown(kubeconfig, "got MIIEvQIBADANBgkqhkiG9w0BAQEFAASC and eyJhbGciOi.payload.sig from c.example.com")).toBe(
    "got [redacted] and [redacted] from c.example.com",
  );
});

it("finds values of profiles, dotenv files and YAML", () => {
  expect(
    secretParts("[default]\naws_access_key_id = ASIAEXAMPLE12\naws_secret_access_key=wJalr/xUtnFEMI+K7\nregion = eu-central-1\n"),
  ).toEqual(["ASIAEXAMPLE12", "wJalr/xUtnFEMI+K7"]);
  expect(secretParts('export API_TOKEN=\'tok-123456\'\nHOST=example.com\nDB_PASSWORD="a b\\"c d"\n')).toEqual(["tok-123456", 'a b"c d']);
  expect(secretParts("clouds:\n  prod:\n    auth:\n      username: admin1\n      password: pass-word-1\n")).toEqual(["pass-word-1"]);
});

it("finds the password in a URL and behind the base64 of a registry's auth", () => {
  expect(secretParts("postgres://app:p%40ss-word@db.example.com/app")).toEqual(["p%40ss-word", "p@ss-word"]);
  const docker = JSON.stringify({ auths: { "registry.example.com": { auth: base64("robot:s3cret-pass") } } });
  expect(secretParts(docker)).toEqual([base64("robot:s3cret-pass"), "robot:s3cret-pass", "s3cret-pass"]);
});

it("finds nothing in what has no parts, and comes to an end on hostile text", () => {
  for (const value of ["", "tok-123456", "eu-central-1", "[]", "{", "a: b", key]) expect(secretParts(value)).toEqual([]);
  for (const unit of ["key: ", "{", "a:", '"', "://a:", "[{", "token=\n", "- ", "A".repeat(63), "\\"])
    secretParts(unit.repeat(Math.floor(262_144 / unit.length)));
  expect(secretParts(`{"key":${'{"key":'.repeat(50_000)}`)).toBeInstanceOf(Array);
});
