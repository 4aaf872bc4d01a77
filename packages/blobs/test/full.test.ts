import { execFile, execFileSync } from "node:child_process";
import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { BlobError, storageError } from "../src/blob-error.ts";
import { emptyDirectory, removeDirectory } from "./storage.ts";

const run = promisify(execFile);
const sandbox = (directory: string) => ["--dev-bind", "/", "/", "--size", "1048576", "--tmpfs", directory];
const sandboxWorks = () => {
  try {
    execFileSync("bwrap", [...sandbox("/mnt"), "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

it("a full device is no_space, by name", async () => {
  const file = await open("/dev/full", "w");
  const error = storageError(await file.writeFile("x").catch((failure: unknown) => failure), "writing") as BlobError;
  await file.close();
  expect(error).toBeInstanceOf(BlobError);
  expect(error.code).toBe("no_space");
});

it.skipIf(!sandboxWorks())("a full file system refuses what does not fit, leaves nothing of it, and takes what does", async () => {
  const directory = await emptyDirectory();
  const { stdout } = await run("bwrap", [
    ...sandbox(directory),
    process.execPath,
    fileURLToPath(new URL("fill.ts", import.meta.url)),
    directory,
  ]);
  await removeDirectory(directory);
  expect(JSON.parse(stdout)).toEqual({ codes: ["no_space", "no_space", "no_space", "sha256"], files: 1 });
});
