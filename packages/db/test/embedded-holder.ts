import { startEmbedded } from "../src/embedded.ts";

/** A process that starts the database of a data directory and goes on until it is killed. */
const [dataDir = ""] = process.argv.slice(2);
const server = await startEmbedded({ dataDir, durable: false });
process.stdout.write(`${JSON.stringify({ url: server.url, pid: server.pid, uid: process.getuid?.() })}\n`);
setInterval(() => {}, 1_000);
