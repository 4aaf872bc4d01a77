import { randomBytes } from "node:crypto";
import { constants, link, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { MasterKeyError, masterKeyLength } from "./master-key.ts";
import { parseMasterKey } from "./master-key-text.ts";

/** More than any spelling of a key; a wrong path to something large is not read into memory. */
const maxFile = 4096;

/** The key in a file that only its owner can read. */
export async function readMasterKeyFile(path: string): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw new MasterKeyError(`The master key file ${path} cannot be read (${error.code})`);
  });
  try {
    const { mode, size } = await file.stat();
    if ((mode & constants.S_IFMT) !== constants.S_IFREG) throw new MasterKeyError(`The master key file ${path} is not a regular file`);
    if (mode & 0o077) throw new MasterKeyError(`The master key file ${path} can be read by others: run chmod 600 on it`);
    if (size > maxFile) throw new MasterKeyError(`The master key file ${path} has ${size} bytes: it is no master key`);
    return parseMasterKey(await file.readFile("utf8"));
  } finally {
    await file.close();
  }
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
  const directory = await open(dirname(path), constants.O_RDONLY);
  await directory.sync().finally(() => directory.close());
  return readMasterKeyFile(path);
}
