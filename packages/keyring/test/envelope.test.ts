import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Keyring, openKeyring } from "../src/envelope.ts";
import { localMasterKey } from "../src/master-key.ts";
import { SealError } from "../src/seal-error.ts";
import { MemoryStore } from "./memory-store.ts";
import { anyPlace, here, twoPlaces } from "./places.ts";

const master = () => localMasterKey(randomBytes(32));
const fresh = (store = new MemoryStore()): Keyring => openKeyring({ masterKeys: [master()], store });
const flip = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);

describe("sealed texts", () => {
  const keyring = fresh();

  it("open where they were sealed, whatever they hold", async () => {
    const content = fc.oneof(fc.string(), fc.uint8Array({ maxLength: 300 }));
    await fc.assert(
      fc.asyncProperty(anyPlace, content, async (place, plaintext) => {
        const opened = await keyring.open(place, await keyring.seal(place, plaintext));
        expect(opened.equals(Buffer.from(plaintext as string))).toBe(true);
      }),
    );
  });

  it("say their version and key, and differ each time", async () => {
    const [one, two] = [await keyring.seal(here, "same"), await keyring.seal(here, "same")];
    expect(one).toMatch(/^tk1\.dk_[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]+$/);
    expect(one).not.toBe(two);
  });

  it("do not open at any other place", async () => {
    await fc.assert(
      fc.asyncProperty(twoPlaces, async ([from, to]) => {
        await expect(keyring.open(to, await keyring.seal(from, "value"))).rejects.toThrow(SealError);
      }),
    );
  });

  it("do not open with any one character changed, at any length short of the whole, or extended", async () => {
    const sealed = await keyring.seal(here, "the value");
    const changed = Array.from(sealed, (_, at) => flip(sealed, at));
    const cut = Array.from(sealed, (_, length) => sealed.slice(0, length));
    for (const other of [...changed, ...cut, `${sealed}A`, `${sealed}=`, ` ${sealed}`, `${sealed}.x`]) {
      await expect(keyring.open(here, other), other).rejects.toThrow(SealError);
    }
  });

  it("fail with one message, without the value, the key or the place", async () => {
    const sealed = await keyring.seal(here, "hunter2-hunter2");
    const messages = new Set<string>();
    for (const [place, text] of [
      [{ ...here, row: "sec_2" }, sealed],
      [here, flip(sealed, sealed.length - 9)],
      [here, "tk1.nope.AA"],
      [here, ""],
    ] as const) {
      messages.add(await keyring.open(place, text).then(String, (error: Error) => error.message));
    }
    expect([...messages]).toEqual([new SealError().message]);
  });

  it("refuse parts of a place that are empty, too long or not text", async () => {
    for (const row of ["", "x".repeat(513), "\ud800"]) await expect(keyring.seal({ ...here, row }, "v")).rejects.toThrow(SealError);
  });

  it("refuse more than they hold", async () => {
    await expect(keyring.seal(here, Buffer.alloc(16 * 1024 * 1024 + 1))).rejects.toThrow("up to 16777216 bytes");
  });
});

describe("MACs", () => {
  const keyring = fresh();

  it("hold for this data at this place, and for nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(twoPlaces, fc.uint8Array(), fc.uint8Array(), async ([from, to], data, other) => {
        const mac = await keyring.mac(from, data);
        expect(await keyring.verifyMac(from, data, mac)).toBe(true);
        expect(await keyring.verifyMac(to, data, mac)).toBe(false);
        expect(await keyring.verifyMac(from, other, mac)).toBe(Buffer.from(data).equals(other));
      }),
    );
  });

  it("do not hold with any character changed, or malformed", async () => {
    const mac = await keyring.mac(here, "data");
    const changed = Array.from(mac, (_, at) => flip(mac, at));
    for (const other of [...changed, "", "tm1", "tm1..", `${mac}A`, mac.slice(0, -1), "x".repeat(10_000)]) {
      expect(await keyring.verifyMac(here, "data", other), other).toBe(false);
    }
  });
});

describe("data keys", () => {
  it("are one a Workspace, also for many first uses in two processes at once", async () => {
    const store = new MemoryStore();
    const key = master();
    const [one, two] = [openKeyring({ masterKeys: [key], store }), openKeyring({ masterKeys: [key], store })];
    const sealed = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? one : two).seal(here, String(i))));
    expect(store.rows.size).toBe(1);
    const opened = await Promise.all(sealed.map((text, i) => (i % 2 ? two : one).open(here, text)));
    expect(opened.map(String)).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
  });

  it("are read from the store once, until the minute is over", async () => {
    const store = new MemoryStore();
    let now = 0;
    const keyring = openKeyring({ masterKeys: [master()], store, now: () => now });
    const sealed = await keyring.seal(here, "v");
    for (let i = 0; i < 10; i += 1) await keyring.open(here, await keyring.seal(here, sealed));
    expect(store.reads).toBe(1);
    const next = await keyring.mintDataKey(here.workspace);
    store.makeCurrent(next);
    expect((await keyring.seal(here, "v")).includes(next.id)).toBe(false);
    now = 60_000;
    expect((await keyring.seal(here, "v")).includes(next.id)).toBe(true);
    expect(String(await keyring.open(here, sealed))).toBe("v");
  });

  it("are held up to the capacity, and read again beyond", async () => {
    const store = new MemoryStore();
    const keyring = openKeyring({ masterKeys: [master()], store, capacity: 2 });
    const places = ["ws_1", "ws_2", "ws_3"].map((workspace) => ({ ...here, workspace }));
    for (const place of places) await keyring.seal(place, "v");
    store.reads = 0;
    await keyring.seal(places[2] ?? here, "v");
    expect(store.reads).toBe(0);
    await keyring.seal(places[0] ?? here, "v");
    expect(store.reads).toBe(1);
  });

  it("moved to another Workspace or wrapped for another id do not open", async () => {
    const store = new MemoryStore();
    const key = master();
    await openKeyring({ masterKeys: [key], store }).seal(here, "v");
    const [row] = store.rows.values();
    if (!row) throw new Error("no row");
    store.makeCurrent({ ...row, workspace: "ws_2" });
    await expect(openKeyring({ masterKeys: [key], store }).seal({ ...here, workspace: "ws_2" }, "v")).rejects.toThrow(SealError);
    store.makeCurrent({ ...row, id: "dk_other" });
    await expect(openKeyring({ masterKeys: [key], store }).seal(here, "v")).rejects.toThrow(SealError);
  });

  it("let an error of the store through, and try again after it", async () => {
    const store = new MemoryStore();
    const keyring = fresh(store);
    const { current } = store;
    store.current = async () => {
      throw new Error("database away");
    };
    await expect(keyring.seal(here, "v")).rejects.toThrow("database away");
    store.current = current;
    expect(String(await keyring.open(here, await keyring.seal(here, "v")))).toBe("v");
  });
});
