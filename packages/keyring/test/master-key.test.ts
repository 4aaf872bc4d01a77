import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKeyring } from "../src/envelope.ts";
import { fingerprint, localMasterKey, MasterKeyError } from "../src/master-key.ts";
import { createMasterKeyFile, readMasterKeyFile } from "../src/master-key-file.ts";
import { parseMasterKey } from "../src/master-key-text.ts";
import { rewrapAll } from "../src/rotation.ts";
import { MemoryStore } from "./memory-store.ts";
import { here } from "./places.ts";

describe("a master key as text", () => {
  const key = randomBytes(32);

  it("is hex or base64 of 32 bytes", () => {
    const spellings = [
      key.toString("hex"),
      key.toString("hex").toUpperCase(),
      key.toString("base64"),
      key.toString("base64url"),
      ` ${key.toString("base64")}\n`,
    ];
    for (const text of spellings) expect(parseMasterKey(text).equals(key)).toBe(true);
  });

  it("of any other length or alphabet is refused, without repeating it", () => {
    const wrong = [
      "",
      "secret",
      key.toString("hex").slice(1),
      `${key.toString("hex")}0`,
      randomBytes(31).toString("base64"),
      randomBytes(33).toString("base64"),
      `!${key.toString("base64").slice(1)}`,
    ];
    for (const text of wrong) {
      expect(() => parseMasterKey(text), text).toThrow(MasterKeyError);
      expect(() => parseMasterKey(text)).toThrow(/32 bytes as 64 hex digits or as base64/);
      if (text) expect(() => parseMasterKey(text)).not.toThrow(text);
    }
  });

  it("has a fingerprint that is not part of it", () => {
    expect(fingerprint(key)).toMatch(/^mk_[0-9a-f]{16}$/);
    expect(fingerprint(key)).toBe(localMasterKey(key).id);
    expect(key.toString("hex")).not.toContain(fingerprint(key).slice(3));
    expect(fingerprint(randomBytes(32))).not.toBe(fingerprint(key));
  });
});

describe("a master key file", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "master-key-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it("is made once, for its owner alone, also by ten at once, and leaves nothing beside it", async () => {
    const path = join(directory, "made");
    const keys = await Promise.all(Array.from({ length: 10 }, () => createMasterKeyFile(path)));
    expect(new Set(keys.map(fingerprint)).size).toBe(1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readMasterKeyFile(path)).equals(keys[0] ?? Buffer.alloc(0))).toBe(true);
    expect(await readdir(directory)).toEqual(["made"]);
  });

  it("is never written over", async () => {
    const path = join(directory, "kept");
    await writeFile(path, "not a key", { mode: 0o600 });
    await expect(createMasterKeyFile(path)).rejects.toThrow(MasterKeyError);
    expect(await readFile(path, "utf8")).toBe("not a key");
  });

  it("is refused where others can read it, where it is missing, a directory, or large", async () => {
    const path = join(directory, "open");
    await createMasterKeyFile(path);
    await chmod(path, 0o640);
    await expect(readMasterKeyFile(path)).rejects.toThrow("chmod 600");
    await expect(readMasterKeyFile(join(directory, "missing"))).rejects.toThrow("ENOENT");
    await expect(readMasterKeyFile(directory)).rejects.toThrow("not a regular file");
    await writeFile(join(directory, "large"), "x".repeat(5000), { mode: 0o600 });
    await expect(readMasterKeyFile(join(directory, "large"))).rejects.toThrow("5000 bytes");
    await symlink(path, join(directory, "link"));
    await expect(readMasterKeyFile(join(directory, "link"))).rejects.toThrow("chmod 600");
    await expect(createMasterKeyFile(join(directory, "no", "such"))).rejects.toThrow("ENOENT");
  });
});

describe("master keys", () => {
  const [old, next, other] = [randomBytes(32), randomBytes(32), randomBytes(32)].map((key) => localMasterKey(key)) as [
    ReturnType<typeof localMasterKey>,
    ReturnType<typeof localMasterKey>,
    ReturnType<typeof localMasterKey>,
  ];

  it("are rotated: everything opens before, during and after, without the old one at the end", async () => {
    const store = new MemoryStore();
    const before = openKeyring({ masterKeys: [old], store });
    const places = ["ws_1", "ws_2", "ws_3"].map((workspace) => ({ ...here, workspace }));
    const sealed = await Promise.all(places.map((place) => before.seal(place, place.workspace)));
    const during = openKeyring({ masterKeys: [old, next], current: next.id, store });
    const save = async (row: typeof store.rows extends Map<string, infer R> ? R : never) => store.makeCurrent(row);
    expect(await rewrapAll(during, [...store.rows.values()], save)).toEqual({ rewrapped: 3, untouched: 0 });
    expect(await rewrapAll(during, [...store.rows.values()], save)).toEqual({ rewrapped: 0, untouched: 3 });
    const after = openKeyring({ masterKeys: [next], store });
    for (const keyring of [before, during, after]) {
      for (const [i, place] of places.entries()) expect(String(await keyring.open(place, sealed[i] ?? ""))).toBe(place.workspace);
    }
  });

  it("that are missing are named", async () => {
    const store = new MemoryStore();
    const sealed = await openKeyring({ masterKeys: [old], store }).seal(here, "v");
    await expect(openKeyring({ masterKeys: [next], store }).open(here, sealed)).rejects.toThrow(
      `wrapped by master key ${old.id}, which was not given`,
    );
  });

  it("are checked at start by the canary", async () => {
    const store = new MemoryStore();
    const canary = await openKeyring({ masterKeys: [old], store }).canary();
    await openKeyring({ masterKeys: [next, old], store }).verifyCanary(canary);
    await expect(openKeyring({ masterKeys: [next], store }).verifyCanary(canary)).rejects.toThrow(
      `sealed with master key ${old.id}, and the key given is ${next.id}`,
    );
    const imposter = localMasterKey(Buffer.alloc(32, 7), old.id);
    await expect(openKeyring({ masterKeys: [imposter], store }).verifyCanary(canary)).rejects.toThrow(MasterKeyError);
    await expect(openKeyring({ masterKeys: [old], store }).verifyCanary("tc1.x")).rejects.toThrow("damaged");
    await expect(openKeyring({ masterKeys: [old], store }).verifyCanary(canary.slice(0, -2))).rejects.toThrow(MasterKeyError);
  });

  it("are refused where the set makes no sense", () => {
    const store = new MemoryStore();
    expect(() => openKeyring({ masterKeys: [], store })).toThrow("No master key");
    expect(() => openKeyring({ masterKeys: [old], current: other.id, store })).toThrow("was not given");
    expect(() => openKeyring({ masterKeys: [old, old], store })).toThrow("same id");
    expect(() => openKeyring({ masterKeys: [localMasterKey(Buffer.alloc(32), "a.b")], store })).toThrow("id of a master key");
    expect(() => localMasterKey(Buffer.alloc(31))).toThrow("has 31");
  });
});
