import { access, rename } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { diskBlobs } from "../src/disk.ts";
import { diskNotes } from "../src/notes.ts";
import { emptyDirectory, filesIn, memoryKeyring, removeDirectory } from "./storage.ts";

const keyring = memoryKeyring();
let directory: string;
beforeEach(async () => {
  directory = await emptyDirectory();
  await diskBlobs({ directory, keyring });
});
afterEach(async () => {
  await removeDirectory(directory);
  await removeDirectory(`${directory}-away`);
});
const notes = () => diskNotes({ directory, name: "audit", keyring });

it("a note is replaced whole, and leaves nothing beside it", async () => {
  await notes().write("ws_a", "first");
  await notes().write("ws_a", "second");
  expect(await notes().read("ws_a")).toBe("second");
  expect(await notes().read("ws_b")).toBeNull();
  expect(await filesIn(directory)).toEqual([".notes/audit/ws_a"]);
});

it("where the storage is gone nothing is written, and no empty one takes its place", async () => {
  await notes().write("ws_a", "kept");
  await rename(directory, `${directory}-away`);
  await expect(notes().write("ws_a", "lost")).rejects.toMatchObject({ name: "BlobError" });
  await expect(access(directory)).rejects.toMatchObject({ code: "ENOENT" });
  await rename(`${directory}-away`, directory);
  expect(await notes().read("ws_a")).toBe("kept");
});
