import { randomBytes } from "node:crypto";
import { constants, link, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { MasterKeyError, masterKeyLength } from "./master-key.ts";
import { parseMasterKeys } from "./master-key-text.ts";

/** More than any spelling of a key; a wrong path to something large is not read into memory. */
const maxFile = 4096;

/** The first key in a file that only its owner can read. */
export const readMasterKeyFile = async (path: string): Promise<Buffer> => (await readMasterKeys(path))[0] as Buffer;

/** The keys in such a file, one a line. */
export async function readMasterKeys(path: string): Promise<Buffer[]> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw new MasterKeyError(`The master key file ${path} cannot be read (${error.code})`);
  });
  try {
    const { mode, size } = await file.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new MasterKeyError(`The master key file ${path} is not a regular file`);
    if (mode & 0o077) throw new MasterKeyError(`The master key file ${path} can be read by others: run chmod 600 on it`);
    if (size > maxFile) throw new MasterKeyError(`The master key file ${path} has ${size} bytes: it is no master key`);
    return parseMasterKeys(await file.readFile("utf8"));
  } finally {
    await file.close();
  }
}

/** Puts these keys in the place of those in a file, whole or not at all. */
export async function writeMasterKeys(path: string, keys: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new MasterKeyError(`The master key file ${path} cannot be changed (${error.code})`);
  });
  try {
    await file.writeFile(keys.map((key) => `${Buffer.from(key).toString("base64")}\n`).join(""));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await synced(dirname(path));
}

async function synced(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  await directory.sync().finally(() => directory.close());
}

/**
 * Makes a new key in a new file (0600, directory synced) and returns it. Where the file is there already, or another process
 * makes it at the same moment, that key is returned: a key file is never written over.
 */
export async function createMasterKeyFile(path: string): Promise<Buffer> {
  const temporary = `${path}.${randomBytes(8).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new MasterKeyError(`The master key file ${path} cannot be made (${error.code})`);
  });
  try {
    await file.writeFile(`${randomBytes(masterKeyLength).toString("base64")}\n`);
    await file.sync();
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw new MasterKeyError(`The master key file ${path} cannot be made (${error.code})`);
    });
  } finally {
    await file.close();
    await unlink(temporary);
  }
  await synced(dirname(path));
  return readMasterKeyFile(path);
}
