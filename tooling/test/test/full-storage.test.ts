import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { tarGz } from "@takosumi/testkit/archives";
import { deployOn } from "@takosumi/testkit/deploy";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const MiB = 1024 * 1024;
const mount = (at: string, size: number) => run("mount", ["-t", "tmpfs", "-o", `size=${size},mode=700`, "tmpfs", at]);

async function mayMount(): Promise<boolean> {
  const at = await mkdtemp(join(tmpdir(), "takosumi-mount-"));
  try {
    await mount(at, MiB);
    await run("umount", [at]);
    return true;
  } catch {
    return false;
  } finally {
    await rmdir(at);
  }
}

/** Where module code waits until somebody lets it go on. */
class Barrier {
  readonly #server = createServer((socket) => {
    socket.on("error", () => undefined);
    this.#waiting.push(socket);
    this.#come();
  });
  readonly #waiting: Socket[] = [];
  #come: () => void = () => undefined;
  #someone = Promise.withResolvers<void>();
  async open(): Promise<this> {
    this.#come = () => this.#someone.resolve();
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  /** Somebody waits. */
  reached = (): Promise<void> => this.#someone.promise;
  release(): void {
    this.#someone = Promise.withResolvers();
    for (const socket of this.#waiting.splice(0)) socket.end();
  }
  close(): void {
    this.release();
    this.#server.close();
  }
}

describe.runIf(tools.tofu && (await mayMount()))("a full disk under the stored blobs", () => {
  let api: TestApi;
  let runner: TestRunner;
  let barrier: Barrier;
  let user: ReturnType<typeof deployOn>;
  const blobs = () => join(api.dataDir, "blobs");
  const filler = () => join(blobs(), "filler");
  /** Takes all the room that is left. */
  const fill = async () => {
    await writeFile(filler(), Buffer.alloc(64 * MiB)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOSPC") throw error;
    });
  };
  const free = () => rm(filler());
  beforeAll(async () => {
    [api, barrier] = await Promise.all([startApi(), new Barrier().open()]);
    await mount(blobs(), 8 * MiB);
    await mkdir(join(blobs(), ".incoming"), { mode: 0o700 });
    runner = await startRunner(api);
    user = deployOn(api.call);
  });
  afterAll(async () => {
    barrier?.close();
    await runner?.close();
    if (api) await run("umount", [blobs()]).catch(() => undefined);
    await api?.close();
  });
  const full = { status: 503, body: { error: { code: "UNAVAILABLE", details: { reason: "storage" } } } };
  /** The server refused to store something of a Run. */
  const refusedOf = (id: string) =>
    expect.poll(() => api.process.lines.some(({ run_id, status }) => run_id === id && status === 503), { timeout: 30_000 }).toBe(true);
  const waits = () => `resource "terraform_data" "a" {
  provisioner "local-exec" {
    interpreter = ["/bin/bash", "-c"]
    command     = "cat < /dev/tcp/127.0.0.1/${barrier.port}"
  }
}
`;

  it("refuses an upload that does not fit by name, keeps nothing of it, and takes it once there is room", async () => {
    const raw = tarGz([
      { name: "main.tf", body: 'resource "terraform_data" "a" {}\n' },
      { name: "large", body: randomBytes(2 * MiB) },
    ]);
    const upload = () => api.call("POST", "/api/sources", { raw: new Uint8Array(raw), headers: { "content-type": "application/gzip" } });
    await fill();
    const refused = await upload();
    expect(refused).toMatchObject(full);
    expect(refused.body.error.message).toContain("full: free space, then try again");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await readdir(join(blobs(), ".incoming"))).toEqual([]);
    expect((await api.call("GET", "/readyz")).status).toBe(503);
    await free();
    expect((await upload()).status).toBe(201);
    await expect.poll(async () => (await api.call("GET", "/readyz")).status, { timeout: 15_000 }).toBe(200);
  });

  it("keeps a plan and an apply waiting that have something to store, and both go on once there is room", async () => {
    const capsule = await user.capsule({ "main.tf": waits() });
    await fill();
    expect(
      await api.call("POST", "/api/capsules", {
        body: { project_id: await user.project(), name: "new", source: { kind: "inline", files: { "main.tf": "# another" } } },
      }),
    ).toMatchObject(full);
    const { run: made } = await user.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule });
    // The log is in the database and goes on; what the plan made has no room.
    await refusedOf(made.id);
    expect((await user.ok("GET", `/api/runs/${made.id}`)).run.status).toBe("running");
    await free();
    const planned = await user.until(made.id);
    expect(planned).toMatchObject({ status: "planned", error: null });

    const { run: apply } = await user.ok("POST", `/api/runs/${planned.id}/approve`, {});
    await barrier.reached();
    await fill();
    barrier.release();
    await refusedOf(apply.id);
    expect((await user.ok("GET", `/api/runs/${apply.id}`)).run.status).toBe("running");
    expect((await user.ok("GET", `/api/capsules/${capsule}`)).capsule.lock).toMatchObject({ run_id: apply.id });
    expect((await user.ok("GET", `/api/state/${capsule}/versions`)).state_versions).toEqual([]);
    await free();
    const applied = await user.until(apply.id);
    expect(applied).toMatchObject({ status: "succeeded", error: null });
    const { state_versions } = await user.ok("GET", `/api/state/${capsule}/versions`);
    expect(state_versions).toMatchObject([{ resource_count: 1, run_id: apply.id }]);
    expect((await user.plan(capsule)).plan.has_changes).toBe(false);
  });
});
