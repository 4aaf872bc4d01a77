import { rename } from "node:fs/promises";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ env: { TAKOSUMI_RATE_LIMIT: "60", TAKOSUMI_ADDRESS_RATE_LIMIT: "30" } });
});
afterAll(() => api.close());
const call = () => caller(api.url, null);
const failing = async (path = "/readyz") => {
  const { status, body, headers } = await call()("GET", path);
  return {
    status,
    code: body.error?.code,
    retry: headers.get("retry-after"),
    names: (body.error?.details.checks ?? []).filter((one: { ok: boolean }) => !one.ok).map((one: { name: string }) => one.name),
  };
};

describe("health", () => {
  it("answers without a credential, and is never limited", async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => call()("GET", "/healthz")));
    expect(answers.every(({ status, body }) => status === 200 && body.status === "ok")).toBe(true);
    expect((await call()("GET", "/version")).body).toEqual({ name: "takosumi", version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  it("is ready with database, migrations, blobs and key in order; asks for runners only when told to", async () => {
    const { status, body } = await call()("GET", "/readyz");
    expect(status).toBe(200);
    expect(body.checks.map(({ name }: { name: string }) => name)).toEqual(["database", "migrations", "blobs", "key"]);
    expect(await failing("/readyz?runners=1")).toEqual({ status: 503, code: "UNAVAILABLE", retry: "5", names: ["runners"] });
    const runner = { instance: "i1", name: "r", version: "1", slots: 1, tools: [], sandbox: { kind: "none", not_isolated: [] } };
    expect((await caller(api.url, api.runnerToken)("POST", "/api/runner/register", { body: runner })).status).toBe(200);
    await expect.poll(async () => (await call()("GET", "/readyz?runners=1")).status, { timeout: 10_000 }).toBe(200);
    expect((await call()("GET", "/readyz?runners=maybe")).status).toBe(400);
  });

  it("says that the key is another one, and that a migration is missing", async () => {
    const { prisma } = api.database.db;
    const canary = await prisma.instance_settings.findUniqueOrThrow({ where: { name: "key_canary" } });
    await prisma.instance_settings.update({ where: { name: "key_canary" }, data: { value: "tc1.mk_0.x" } });
    await expect.poll(() => failing(), { timeout: 10_000 }).toMatchObject({ status: 503, names: ["key"] });
    await prisma.instance_settings.update({ where: { name: "key_canary" }, data: { value: canary.value as string } });
    await prisma.$executeRawUnsafe("UPDATE _prisma_migrations SET finished_at = NULL");
    await expect.poll(() => failing(), { timeout: 10_000 }).toMatchObject({ status: 503, names: ["migrations"] });
    await prisma.$executeRawUnsafe("UPDATE _prisma_migrations SET finished_at = now()");
    await expect.poll(async () => (await call()("GET", "/readyz")).status, { timeout: 10_000 }).toBe(200);
  });

  it("says that blobs cannot be stored", async () => {
    const blobs = join(api.dataDir, "blobs");
    await rename(blobs, `${blobs}-away`);
    await expect.poll(() => failing(), { timeout: 10_000 }).toMatchObject({ status: 503, names: ["blobs"] });
    await rename(`${blobs}-away`, blobs);
    await expect.poll(async () => (await call()("GET", "/readyz")).status, { timeout: 10_000 }).toBe(200);
  });
});

describe("limits", () => {
  it("say after how many seconds a caller may come again, and hold each caller apart", async () => {
    const answers = await Promise.all(Array.from({ length: 70 }, () => api.call("GET", "/api/runners")));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(60);
    expect(limited[0]).toMatchObject({ body: { error: { code: "RATE_LIMITED", details: { reason: "requests" } } } });
    expect(Number(limited[0]?.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });

  it("turn guesses at tokens away by their address, and a valid token there still works", async () => {
    const wrong = caller(api.url, `tak_pat_${"x".repeat(40)}`);
    const statuses = (await Promise.all(Array.from({ length: 45 }, () => wrong("GET", "/api/runners")))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect((await caller(api.url, api.runnerToken)("POST", "/api/runner/resume", { body: { runner_id: "rnr_x", held: [] } })).status).toBe(
      404,
    );
  });
});
