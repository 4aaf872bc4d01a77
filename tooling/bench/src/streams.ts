// Many followers of one Run that writes: node tooling/bench/src/streams.ts URL [followers] [lines a second] [seconds] [stalled] [pid of the api],
// with TOKEN and RUNNER_TOKEN, on an api without other runners, TAKOSUMI_STREAMS above the followers and a short TAKOSUMI_STREAM_STALL_SECONDS.
// Prints milliseconds from a line's event to its followers, gaps, cut readers, and how far the api's resident memory grew.
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { asCaller, asRunner, register } from "./calls.ts";
import { env } from "./env.ts";
import { percentile } from "./measure.ts";

const [, , url = "http://127.0.0.1:8787", followers = "1000", rate = "1000", seconds = "20", stalled = "100", pid = ""] = process.argv;
const call = { url, caller: asCaller(url), runner: asRunner(url) };
const tickMs = 10;
const perTick = Math.max(1, Math.round((Number(rate) * tickMs) / 1_000));

interface Follower {
  readonly socket: Socket;
  crc: number;
  bytes: number;
  started: boolean;
  ended: boolean;
}
const waits: number[] = [];
const mark = Buffer.from('"text":"');

/** Comments are no part of the sequence, and come when they come. */
const withoutComments = (chunk: Buffer): Buffer =>
  chunk.indexOf(": ping\n\n") < 0 ? chunk : Buffer.from(chunk.toString("latin1").replaceAll(": ping\n\n", ""), "latin1");

function follow(run: string, reads: boolean): Promise<Follower> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const one: Follower = { socket, crc: 0, bytes: 0, started: false, ended: false };
  socket.write(`GET /api/runs/${run}/sse HTTP/1.0\r\nHost: ${hostname}\r\nAuthorization: Bearer ${env.TOKEN}\r\n\r\n`);
  socket.on("error", () => undefined).on("close", () => (one.ended = true));
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      if (!one.started) {
        const body = chunk.indexOf("id: 1\n");
        if (body < 0) return;
        one.started = true;
        take(one, chunk.subarray(body));
        if (!reads) socket.pause();
        return resolve(one);
      }
      take(one, chunk);
      const at = chunk.lastIndexOf(mark);
      const said = at < 0 ? Number.NaN : Number(chunk.toString("latin1", at + mark.length, at + mark.length + 13));
      // A stalled one is read at the end, to see that it was cut: what it then finds in its buffers is old.
      if (reads && !Number.isNaN(said)) waits.push(Date.now() - said);
    });
  });
}
function take(one: Follower, chunk: Buffer): void {
  const told = withoutComments(chunk);
  one.crc = crc32(told, one.crc);
  one.bytes += told.length;
}
const resident = (): number => (pid === "" ? 0 : Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);

const runner = await register(call.runner, "streams");
const { project } = await call.caller<{ project: { id: string } }>("/api/projects", { name: `streams ${Date.now()}` });
const source = { kind: "inline", files: { "main.tf": "" } };
const { capsule } = await call.caller<{ capsule: { id: string } }>("/api/capsules", { project_id: project.id, name: "streams", source });
await call.caller("/api/runs", { capsule_id: capsule.id, kind: "plan" });
const lease = await runner.claim();
const letGo = runner.keep(lease);
const all = await Promise.all([
  ...Array.from({ length: Number(followers) - Number(stalled) }, () => follow(lease.run_id, true)),
  ...Array.from({ length: Number(stalled) }, () => follow(lease.run_id, false)),
]);
const readers = all.slice(0, Number(followers) - Number(stalled));
const idle = all.slice(readers.length);
const before = resident();
let most = before;
let sequence = 1;
const filler = "x".repeat(80);
for (const until = Date.now() + Number(seconds) * 1_000, begun = Date.now(); Date.now() < until; ) {
  const due = Math.floor((Date.now() - begun) / tickMs) * perTick;
  const events: object[] = [];
  while (sequence + events.length <= due && events.length < 400)
    events.push({ type: "log", at: new Date().toISOString(), text: `${Date.now()} ${filler}\n` });
  if (events.length > 0) await call.runner(`/runs/${lease.run_id}/events`, { ...lease.held, first: sequence, events });
  sequence += events.length;
  most = Math.max(most, resident());
  await pause(tickMs);
}
letGo();
await runner.fail(lease, sequence - 1);
for (let i = 0; i < 3_000 && readers.some(({ ended }) => !ended); i++) await pause(10);
const reference = readers[0]?.crc;
for (const { socket } of idle) socket.resume();
for (let i = 0; i < 500 && idle.some(({ ended }) => !ended); i++) await pause(10);
const whole = readers.filter(({ crc }) => crc === reference).length;
const cut = idle.filter(({ ended, bytes }) => ended && bytes < (readers[0]?.bytes ?? 0)).length;
console.log(`${readers.length} followers, ${sequence - 1} lines in ${seconds} s (${rate}/s), ${(readers[0]?.bytes ?? 0) / 1e6} MB each`);
console.log(
  `from event to follower: p50 ${percentile(waits, 0.5)} ms, p95 ${percentile(waits, 0.95)} ms, p99 ${percentile(waits, 0.99)} ms`,
);
console.log(`the same bytes: ${whole} of ${readers.length}; stalled readers cut: ${cut} of ${idle.length}`);
console.log(`resident memory of the api: ${before.toFixed(0)} MiB before, at most ${most.toFixed(0)} MiB`);
process.exit(0);
