import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readEnv } from "./env.ts";

const dir = mkdtempSync(join(tmpdir(), "takosumi-env-"));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, text: string) => {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
};
const DATABASE_URL = "postgres://u:p@h/d";
const token = `tak_pat_${"a".repeat(20)}`;

describe("the environment", () => {
  it("has a default for everything but the database", () => {
    expect(readEnv({ DATABASE_URL })).toMatchObject({
      PORT: 8787,
      HOST: "127.0.0.1",
      TAKOSUMI_PUBLIC_URL: "http://127.0.0.1:8787",
      TAKOSUMI_RATE_LIMIT: 6_000,
      TAKOSUMI_SURFACES: new Set(),
    });
    expect(() => readEnv({})).toThrow("DATABASE_URL is not set");
  });

  it("takes an empty variable for an unset one", () => {
    expect(readEnv({ DATABASE_URL, PORT: "", TAKOSUMI_BOOTSTRAP_TOKEN: " " })).toMatchObject({ PORT: 8787 });
  });

  it("reads a secret from a file, without its last line's end", () => {
    expect(readEnv({ DATABASE_URL, TAKOSUMI_BOOTSTRAP_TOKEN_FILE: file("token", `${token}\n`) }).TAKOSUMI_BOOTSTRAP_TOKEN).toBe(token);
  });

  it.each([
    [{ TAKOSUMI_BOOTSTRAP_TOKEN: token, TAKOSUMI_BOOTSTRAP_TOKEN_FILE: file("both", token) }, "are both set"],
    [{ TAKOSUMI_BOOTSTRAP_TOKEN_FILE: file("empty", "\n") }, "is empty"],
    [{ TAKOSUMI_BOOTSTRAP_TOKEN_FILE: file("large", "x".repeat(70_000)) }, "too large"],
    [{ TAKOSUMI_BOOTSTRAP_TOKEN_FILE: join(dir, "absent") }, "cannot be read (ENOENT)"],
    [{ TAKOSUMI_BOOTSTRAP_TOKEN: "tak_pat_short" }, "TAKOSUMI_BOOTSTRAP_TOKEN must be"],
    [{ PORT: "65536" }, "PORT"],
    [{ PORT: "8787x" }, "PORT"],
    [{ TAKOSUMI_PUBLIC_URL: "ftp://h" }, "TAKOSUMI_PUBLIC_URL"],
    [{ TAKOSUMI_SURFACES: "cloud,moon" }, "TAKOSUMI_SURFACES"],
    [{ TAKOSUMI_TRUSTED_PROXIES: "10.0.0.1, proxy.example" }, "may hold IP addresses"],
    [{ TAKOSUMI_TRUSTED_PROXIES: "10.0.0.0/33" }, "may hold IP addresses"],
    [{ TAKOSUMI_CA_CERTIFICATES: join(dir, "absent") }, "cannot be read (ENOENT)"],
    [{ TAKOSUMI_CA_CERTIFICATES: file("key.pem", "-----BEGIN PRIVATE KEY-----") }, "holds no certificate"],
    [
      { TAKOSUMI_CA_CERTIFICATES: file("bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----") },
      "holds a certificate that cannot be read",
    ],
    [{ TAKOSUMI_LEASE_SECONDS: "5", TAKOSUMI_LEASE_RENEW_SECONDS: "5" }, "must be less than"],
    [{ TAKOSUMI_RATELIMIT: "5" }, "Did you mean TAKOSUMI_RATE_LIMIT?"],
  ])("refuses %o", (given, message) => {
    expect(() => readEnv({ DATABASE_URL, ...given })).toThrow(message);
  });

  it("names everything that is wrong at once, and no value", () => {
    const read = () => readEnv({ DATABASE_URL: "mysql://user:hunter2@host", PORT: "hunter2", TAKOSUMI_RUNNER_TOKEN: "hunter2" });
    expect(read).toThrow(/PORT[^]*DATABASE_URL[^]*TAKOSUMI_RUNNER_TOKEN/);
    expect(read).toThrow(expect.objectContaining({ message: expect.not.stringContaining("hunter2") }));
  });

  it("ends a public URL without a slash, and writes an IPv6 address as a URL does", () => {
    expect(readEnv({ DATABASE_URL, TAKOSUMI_PUBLIC_URL: "https://t.example/" }).TAKOSUMI_PUBLIC_URL).toBe("https://t.example");
    expect(readEnv({ DATABASE_URL, HOST: "::1", PORT: "1" }).TAKOSUMI_PUBLIC_URL).toBe("http://[::1]:1");
  });
});
