import { fstatSync, readSync, watch } from "node:fs";
import { open } from "node:fs/promises";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

export type Chunk = { /** Where `bytes` begin in the file. */ offset: number; bytes: Buffer };

const CHUNK_BYTES = 64 * 1024;
const POLL_MS = 100;

/**
 * Follows a file that grows, from `offset` on, in chunks of at most 64 KiB. When `ended` aborts, the rest is read and the
 * sequence ends. A file that shrank below what was read (truncated at open) is read again from its beginning.
 */
export async function* tailFile(path: string, offset: number, ended: AbortSignal): AsyncGenerator<Chunk> {
  const file = await open(path, "r");
  let wake = () => {};
  const watcher = watch(path, () => wake()).on("error", () => undefined);
  const onEnd = () => wake();
  ended.addEventListener("abort", onEnd);
  try {
    let at = offset;
    while (true) {
      // Asked before reading: what was written before the end is then surely read.
      const last = ended.aborted;
      if (fstatSync(file.fd).size < at) at = 0;
      // What was just written is in memory: a call costs less than waiting for one. Only a long rest is waited for.
      let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      let bytesRead = readSync(file.fd, buffer, 0, CHUNK_BYTES, at);
      while (bytesRead > 0) {
        yield { offset: at, bytes: buffer.subarray(0, bytesRead) };
        at += bytesRead;
        if (bytesRead < CHUNK_BYTES) break;
        ({ bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, at));
      }
      if (last) return;
      const changed = new AbortController();
      wake = () => changed.abort();
      if (!ended.aborted && fstatSync(file.fd).size === at)
        await sleep(POLL_MS, undefined, { signal: changed.signal }).catch(() => undefined);
      // A file that grows all the time must not keep everybody else from their work.
      else await nextTurn();
    }
  } finally {
    ended.removeEventListener("abort", onEnd);
    watcher.close();
    await file.close();
  }
}
