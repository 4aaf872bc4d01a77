import { copyFile, mkdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Blobs, ListedBlob } from "../src/blobs.ts";
import { diskBlobs } from "../src/disk.ts";
import { blobName } from "../src/place.ts";
import { emptyDirectory, filesIn, memoryKeyring, removeDirectory } from "./storage.ts";

let directory: string;
let blobs: Blobs;
beforeEach(async () => {
  directory = await emptyDirectory();
  blobs = await diskBlobs({ directory, keyring: memoryKeyring() });
});
afterEach(() => removeDirectory(directory));

const put = async (workspace: string, kind: "state" | "log" | "plan", text: string) => {
  const { digest } = await blobs.put({ workspace, kind }, Buffer.from(text));
  return { workspace, kind, digest };
};
const listed = async (after: string | null = null, most = Number.POSITIVE_INFINITY) => {
  const found: ListedBlob[] = [];
  for await (const blob of blobs.list(after)) if (found.push(blob) >= most) break;
  return found;
};
const writtenAt = (place: Parameters<typeof blobName>[0], at: Date) => utimes(join(directory, blobName(place)), at, at);

it("lists what is stored, and nothing that is no blob", async () => {
  expect(await listed()).toEqual([]);
  const places = [await put("ws_b", "state", "1"), await put("ws_a", "log", "2"), await put("ws_a", "state", "2")];
  await mkdir(join(directory, "ws_a/state/zz"), { recursive: true });
  await copyFile(join(directory, blobName(places[0] as never)), join(directory, "ws_a/state/zz/stray"));
  const found = await listed();
  expect(found.map(({ workspace, kind, digest }) => ({ workspace, kind, digest }))).toEqual([places[1], places[2], places[0]]);
  for (const { written_at } of found) expect(Date.now() - written_at.getTime()).toBeLessThan(60_000);
});

it("goes on after any name, however Workspaces are called", async () => {
  const workspaces = ["ws_a", "ws_a-b", "ws_a0", "ws_b"];
  for (const workspace of workspaces) for (let i = 0; i < 8; i++) await put(workspace, i % 2 ? "state" : "plan", `${i}`);
  const all = (await listed()).map(({ name }) => name);
  expect(all).toHaveLength(32);
  const pages: string[] = [];
  for (;;) {
    const page = (await listed(pages.at(-1) ?? null, 3)).map(({ name }) => name);
    if (page.length === 0) break;
    pages.push(...page);
  }
  expect(pages).toEqual(all);
});

it("removes an old blob, and none that was written since", async () => {
  const [old, fresh] = [await put("ws_a", "state", "old"), await put("ws_a", "state", "fresh")];
  const hour = new Date(Date.now() - 3_600_000);
  await writtenAt(old, new Date(hour.getTime() - 1_000));
  expect(await blobs.removeOlder(old, hour)).toBe(true);
  expect(await blobs.removeOlder(old, hour)).toBe(false);
  expect(await blobs.removeOlder(fresh, hour)).toBe(false);
  expect(await filesIn(directory)).toEqual([blobName(fresh)]);
  // The same bytes again make it new.
  const again = await put("ws_a", "state", "old");
  await writtenAt(again, new Date(hour.getTime() - 1_000));
  await put("ws_a", "state", "old");
  expect(await blobs.removeOlder(again, hour)).toBe(false);
});

it("of a removal and a put at the same moment nothing that was put is lost", async () => {
  const hour = new Date(Date.now() - 3_600_000);
  for (let i = 0; i < 40; i++) {
    const place = await put("ws_a", "state", `${i}`);
    await writtenAt(place, new Date(0));
    const putting = put("ws_a", "state", `${i}`);
    await Promise.all([blobs.removeOlder(place, hour), putting, blobs.removeOlder(place, hour)]);
    expect((await blobs.read(place)).toString()).toBe(`${i}`);
  }
});
