import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, unlink } from "node:fs/promises";
import { join } from "node:path";

const BLOCK = 16;
const FLUSH = 256 * 1024;
const READ = 64 * 1024;

/**
 * Bytes that are too many for memory: a file without a name, encrypted under a key that only this object has, so that whatever becomes of
 * the process nothing readable stays on the disk. Written once, then read from any place.
 */
export class Spool {
  readonly #file: FileHandle;
  readonly #key = randomBytes(32);
  readonly #nonce = randomBytes(BLOCK);
  readonly #cipher = createCipheriv("aes-256-ctr", this.#key, this.#nonce);
  #waiting: Buffer[] = [];
  #pending = 0;
  #size = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** `folder` is made for this user alone. */
  static async open(folder: string): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, randomBytes(16).toString("hex"));
    const file = await open(path, "wx+", 0o600);
    await unlink(path);
    return new Spool(file);
  }

  get size(): number {
    return this.#size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.#size += bytes.length;
    this.#pending += bytes.length;
    this.#waiting.push(this.#cipher.update(bytes));
    if (this.#pending >= FLUSH) await this.flush();
  }

  /** Must be called between the last `append` and the first `read`. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#pending = 0;
    await this.#file.appendFile(bytes);
  }

  async *read(start: number, end: number): AsyncGenerator<Buffer> {
    const decipher = createDecipheriv("aes-256-ctr", this.#key, counter(this.#nonce, Math.floor(start / BLOCK)));
    decipher.update(Buffer.alloc(start % BLOCK));
    for (let at = start; at < end; ) {
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafe(Math.min(READ, end - at)), 0, undefined, at);
      if (bytesRead === 0) throw new Error("The spool ends early");
      at += bytesRead;
      yield decipher.update(buffer.subarray(0, bytesRead));
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The counter block `blocks` after the first. */
function counter(nonce: Buffer, blocks: number): Buffer {
  const sum = (BigInt(`0x${nonce.toString("hex")}`) + BigInt(blocks)) & ((1n << 128n) - 1n);
  return Buffer.from(sum.toString(16).padStart(BLOCK * 2, "0"), "hex");
}
