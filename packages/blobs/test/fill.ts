import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import type { BlobError } from "../src/blob-error.ts";
import { diskBlobs } from "../src/disk.ts";
import { filesIn, memoryKeyring } from "./storage.ts";

/** Run by full.test.ts on a file system of 1 MiB: prints what puts that do not fit answer and leave. */
const directory = process.argv[2] ?? "";
const blobs = await diskBlobs({ directory, keyring: memoryKeyring() });
const at = { workspace: "ws_1", kind: "log" } as const;
const bodies = [randomBytes(1024 * 1024), randomBytes(3 * 1024 * 1024), Readable.from([randomBytes(2 * 1024 * 1024)])];
const codes: string[] = [];
for (const body of bodies) codes.push(await blobs.put(at, body).then(String, (error: BlobError) => error.code));
codes.push((await blobs.put(at, randomBytes(1000))).digest.slice(0, 6));
console.log(JSON.stringify({ codes, files: (await filesIn(directory)).length }));
