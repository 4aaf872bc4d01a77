import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { FakeApi } from "./fake-api.ts";
import { hasTofu, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

const MiB = 1024 * 1024;

/** Stands between runner and api, and cuts a connection in the middle of an answer of more than 1 MiB: the first `times`. */
async function cuttingProxy(port: number, times: number): Promise<{ server: Server; url: string; cuts: () => number }> {
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let answered = 0;
    near.on("data", (bytes) => {
      answered = 0;
      far.write(bytes);
    });
    far.on("data", (bytes) => {
      answered += bytes.length;
      if (answered > MiB && cuts < times) {
        cuts++;
        near.destroy();
        far.destroy();
      } else near.write(bytes);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.on("error", () => undefined).on("close", () => other.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, cuts: () => cuts };
}

describe.runIf(hasTofu)("a download of megabytes that breaks off", () => {
  const open: { end(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.end();
    await removeDirs();
  });
  const planned = async (times: number) => {
    const api = new FakeApi();
    await api.start();
    const proxy = await cuttingProxy(Number(new URL(api.url).port), times);
    const runner = new RunnerProcess(api, await runnerDir(), { TAKOSUMI_URL: proxy.url });
    open.push({ end: () => runner.end("SIGTERM") }, { end: () => proxy.server.close() }, { end: () => api.stop() });
    await runner.ready;
    const files = { "main.tf": 'output "o" { value = length(file("data")) }\n', data: randomBytes(2 * MiB).toString("base64") };
    const plan = await api.plan({ files });
    const outcome = await plan.ended();
    return { outcome, cuts: proxy.cuts(), asked: plan.calls.filter((call) => call === "inputs:source").length };
  };

  it("begins anew, and the Run goes on", async () => {
    const { outcome, ...counted } = await planned(3);
    expect(outcome).toMatchObject({ result: "planned" });
    expect(counted).toEqual({ cuts: 3, asked: 4 });
  });

  it("is given up after eight times, and the Run says so", async () => {
    const { outcome, ...counted } = await planned(Number.POSITIVE_INFINITY);
    expect(outcome).toMatchObject({
      result: "failed",
      error: { code: "INPUT_CORRUPT", message: expect.stringContaining("make a new plan") },
    });
    expect(counted).toEqual({ cuts: 8, asked: 8 });
  });
});
