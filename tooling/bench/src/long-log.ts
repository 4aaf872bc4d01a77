// A very long log: node tooling/bench/src/long-log.ts URL [MiB] [pid of the api], with TOKEN and RUNNER_TOKEN, on an api without other runners.
// A runner that is only the protocol writes it, one reader follows the stream, and the log is paged through while it moves into blobs.
// Prints MiB/s, whether both readers had exactly the bytes that were written, and how far the api's resident memory grew.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { asCaller, asRunner, reader, register } from "./calls.ts";
import { env } from "./env.ts";

const [, , url = "http://127.0.0.1:8787", size = "1024", pid = ""] = process.argv;
const MiB = 1024 * 1024;
const total = Number(size) * MiB;
const page = 4_000_003;
const call = { caller: asCaller(url), runner: asRunner(url), read: reader(url) };
const resident = (): number => (pid === "" ? 0 : Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
const seconds = (since: number) => (Date.now() - since) / 1_000;

const runner = await register(call.runner, "long-log");
const { project } = await call.caller<{ project: { id: string } }>("/api/projects", { name: `long log ${Date.now()}` });
const source = { kind: "inline", files: { "main.tf": "" } };
const { capsule } = await call.caller<{ capsule: { id: string } }>("/api/capsules", { project_id: project.id, name: "log", source });
await call.caller("/api/runs", { capsule_id: capsule.id, kind: "plan" });
const lease = await runner.claim();
const letGo = runner.keep(lease);

const followed = follow(lease.run_id);
const written = createHash("sha256");
const before = resident();
let most = before;
const begun = Date.now();
let sequence = 0;
for (let bytes = 0, line = 0; bytes < total; ) {
  const events: object[] = [];
  for (let i = 0; i < 24 && bytes < total; i++) {
    let text = "";
    while (text.length < 20_000) text += `${line++} ü漢😀 ${"x".repeat(line % 80)}\n`;
    written.update(text);
    bytes += Buffer.byteLength(text);
    events.push({ type: "log", at: new Date().toISOString(), text });
  }
  await call.runner(`/runs/${lease.run_id}/events`, { ...lease.held, first: sequence + 1, events });
  sequence += events.length;
  most = Math.max(most, resident());
}
letGo();
await runner.fail(lease, sequence);
const wrote = seconds(begun);
const expected = written.digest("hex");
const stream = await followed;
const reading = Date.now();
const paged = createHash("sha256");
for (let offset = 0, complete = false; !complete; ) {
  const one = await call.read<{ log: string; next_offset: number; complete: boolean }>(
    `/api/runs/${lease.run_id}/logs?offset=${offset}&limit=${page}`,
  );
  paged.update(one.log);
  ({ next_offset: offset, complete } = one);
  most = Math.max(most, resident());
}
console.log(`${size} MiB written and followed in ${wrote.toFixed(1)} s: ${(Number(size) / wrote).toFixed(1)} MiB/s`);
console.log(`paged in ${seconds(reading).toFixed(1)} s, ${page} bytes a page, while it moves into blobs`);
console.log(`the same bytes: stream ${stream === expected}, pages ${paged.digest("hex") === expected}`);
console.log(`resident memory of the api: ${before.toFixed(0)} MiB before, at most ${most.toFixed(0)} MiB`);
process.exit(0);

/** The digest of the log as the stream tells it. */
async function follow(run: string): Promise<string> {
  const hash = createHash("sha256");
  const response = await fetch(`${url}/api/runs/${run}/sse`, { headers: { authorization: `Bearer ${env.TOKEN}` } });
  if (!response.body) throw new Error(`The stream answered ${response.status}`);
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const event = JSON.parse(line.slice(6)) as { type?: string; text?: string };
      if (event.type === "log") hash.update(event.text ?? "");
    }
  }
  return hash.digest("hex");
}
