import { createHash } from "node:crypto";
import { eventStream } from "@takosumi/testkit/event-stream";
import { ProtocolRunner, taken } from "@takosumi/testkit/held-run";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

const MiB = 1024 * 1024;
const total = 64 * MiB;
/** Text of 20,000 characters, every line with characters of 2, 3 and 4 bytes, no two alike. */
function piece(number: number): string {
  let text = "";
  for (let line = 0; text.length < 20_000; line++)
    text += `${number}.${line} \u00fc\u6f22\ud83d\ude00 ${"x".repeat((number + line) % 97)}\n`;
  return text;
}

it("a log of 64 MiB is followed while it is written, and paged through, byte for byte", async () => {
  const runner = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  await world.plan((await world.capsule()).id);
  const held = await runner.claimed(20);
  const { run_id } = held.lease;

  const follow = async () => {
    const hash = createHash("sha256");
    let last = 0;
    for await (const { id, event, data } of await eventStream(`${world.api.url}/api/runs/${run_id}/sse`, world.api.token)) {
      if (event === "end") break;
      expect(Number(id)).toBe(last + 1);
      last = Number(id);
      if (event === "log") hash.update(data.text);
    }
    return hash.digest("hex");
  };
  const followed = follow();
  const written = createHash("sha256");
  const at = new Date().toISOString();
  let bytes = 0;
  for (let number = 0; bytes < total; ) {
    const events = Array.from({ length: 40 }, () => ({ type: "log", at, text: piece(number++) }));
    for (const { text } of events) {
      written.update(text);
      bytes += Buffer.byteLength(text);
    }
    taken(await held.events(events));
  }
  taken(await held.fail());
  const expected = written.digest("hex");
  expect(await followed).toBe(expected);

  // Pages end in the middle of characters, and the log moves into blobs meanwhile.
  const paged = createHash("sha256");
  for (let offset = 0, complete = false; !complete; ) {
    const page = await world.ok("GET", `/api/runs/${run_id}/logs?offset=${offset}&limit=2000003`);
    expect(page.log).not.toContain("\ufffd");
    paged.update(page.log);
    ({ next_offset: offset, complete } = page);
  }
  expect(paged.digest("hex")).toBe(expected);
  const { log_bytes } = await world.db.prisma.runs.findUniqueOrThrow({ where: { id: run_id } });
  expect(Number(log_bytes)).toBe(bytes);
}, 240_000);
