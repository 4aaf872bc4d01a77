import { closeSync, copyFileSync, fstatSync, openSync, readSync, truncateSync } from "node:fs";
import { stat } from "node:fs/promises";

const MiB = 1024 * 1024;
export const logMax = 16 * MiB;
const checkMs = 10_000;
const tailBytes = 16 * 1024;

/** Keeps one copy of a log and empties it in place: the child goes on appending to it, whether we live or not. */
export function rotate(path: string): void {
  copyFileSync(path, `${path}.1`);
  truncateSync(path, 0);
}

/** Looks now and then whether one of these logs has more than `max` bytes; the answer ends that. */
export function watchLogs(paths: () => readonly string[], max = logMax): () => void {
  const timer = setInterval(async () => {
    for (const path of paths()) {
      const size = (await stat(path).catch(() => null))?.size ?? 0;
      if (size > max) rotate(path);
    }
  }, checkMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** The last lines of a log, at most 16 KiB of them. */
export function lastLines(path: string, count: number): string[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8").split("\n").filter(Boolean).slice(-count);
  } finally {
    closeSync(file);
  }
}
