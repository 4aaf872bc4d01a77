// Thousands of connections that say nothing, say half of something, say too much or do not listen, while others are served:
// node tooling/chaos/src/clients.ts [idle connections] [others of each kind]
import { readFileSync } from "node:fs";
import { Crowd, cut, statuses } from "./clients/crowd.ts";
import { Counts } from "./world/counts.ts";
import { openWorld } from "./world/world.ts";

/** Of resident memory, with all of them there. */
const mostMiB = 512;
/** Headers have a minute, looked at twice a minute. */
const headersMs = 95_000;
const calls = 200;
const none = ["calls of others that were not served", "MiB of memory too many"];

/** Everything at once; with `patient`, waits until clients that never end their headers are cut. */
export async function clients(idle: number, others: number, patient: boolean, say: (line: string) => void = () => {}): Promise<Counts> {
  const counts = new Counts(`${idle} idle connections, ${others} of each other kind`, none);
  const world = await openWorld({ runners: 0, apiEnv: { TAKOSUMI_RATE_LIMIT: "10000000" } });
  const port = Number(new URL(world.url()).port);
  const crowd = new Crowd(port);
  const resident = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${world.apis[0]?.process.pid}/status`, "latin1"))?.[1]) / 1_024;
  const capsule = await world.user.capsule({ "main.tf": "" });
  const served = async (moment: string) => {
    for (let call = 0; call < calls; call++) {
      const { status } = await world.call("GET", `/api/capsules/${capsule}`);
      if (status !== 200) counts.wrong(none[0] as string, `${moment}: ${status}`);
    }
  };
  const noteMemory = (moment: string) => {
    say(`${moment}: ${(resident() - before).toFixed(0)} MiB more`);
    if (resident() - before > mostMiB) counts.wrong(none[1] as string, `${moment}: ${(resident() - before).toFixed(0)}`);
  };
  await served("before");
  const before = resident();
  try {
    const head = `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${world.token}\r\n`;
    await crowd.join(idle, "");
    noteMemory("idle");
    await served("idle connections");
    const slow = await crowd.join(others, `GET /api/runs HTTP/1.1\r\n${head}X-Half: `);
    await crowd.join(
      others,
      `POST /api/projects HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"name":"`,
    );
    await crowd.join(others, `GET /openapi.json HTTP/1.1\r\n${head}\r\n`.repeat(64), { reads: false });
    await served("half requests, and readers that do not read");
    noteMemory("half requests, and readers that do not read");
    const large = await crowd.join(others, `GET /api/runs HTTP/1.1\r\n${head}X-Large: ${"a".repeat(64 * 1024)}\r\n\r\n`);
    for (const status of await statuses(large))
      counts.all("headers that are too large are told 431, or cut", status === 431 || status === null);
    const huge = await crowd.join(
      others,
      `POST /api/projects HTTP/1.1\r\n${head}Content-Type: application/json\r\nContent-Length: 99999999\r\n\r\n`,
    );
    for (const status of await statuses(huge)) counts.all("bodies that are too large are told 413", status === 413);
    await served("too large");
    noteMemory("too large");
    if (patient) {
      const closed = await cut(slow, headersMs);
      for (let at = 0; at < slow.length; at++) counts.all("clients that never end their headers are cut", at < closed);
      await served("after");
    }
    crowd.leave();
    await served("all gone");
    counts.note("MiB of resident memory more, at the end", Math.round(resident() - before));
  } finally {
    crowd.leave();
    await world.close();
  }
  return counts;
}

if (import.meta.main) {
  const [, , idle = "10000", others = "200"] = process.argv;
  (await clients(Number(idle), Number(others), true, console.log)).report();
}
