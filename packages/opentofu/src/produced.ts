import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { TofuError } from "./errors.ts";

/**
 * Reads a file that the payload wrote and therefore may have replaced: no link is followed, nothing but a regular file
 * with one name is read, and at most `maxBytes` of it. Null where there is none.
 */
export async function readProduced(path: string, maxBytes: number): Promise<Buffer | null> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new TofuError(
      "bad_output",
      `A file that the tool should have written cannot be read (${(cause as NodeJS.ErrnoException).code}).`,
    );
  }
  try {
    const info = await file.stat();
    if (!info.isFile() || info.nlink !== 1) throw new TofuError("bad_output", "A file that the tool should have written is no plain file.");
    if (info.size > maxBytes) throw new TofuError("too_large", `A file of the Run has ${info.size} bytes; at most ${maxBytes} are taken.`);
    const bytes = Buffer.allocUnsafe(info.size);
    let read = 0;
    while (read < bytes.length) {
      const { bytesRead } = await file.read(bytes, read, bytes.length - read, read);
      if (bytesRead === 0) break;
      read += bytesRead;
    }
    return bytes.subarray(0, read);
  } finally {
    await file.close();
  }
}
