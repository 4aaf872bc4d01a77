import { execFile } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createActor } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import { deployOn } from "@takosumi/testkit/deploy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let api: TestApi;
let user: ReturnType<typeof deployOn>;
beforeAll(async () => {
  api = await startApi();
  user = deployOn(api.call);
});
afterAll(() => api?.close());

const main = new URL("../src/main.ts", import.meta.url).pathname;
/** The command as an operator runs it, beside the server. */
const admin = (...args: string[]) =>
  new Promise<{ status: number; text: string }>((resolve) => {
    const env = { DATABASE_URL: api.database.url, TAKOSUMI_DATA_DIR: api.dataDir };
    execFile(process.execPath, [main, "admin", ...args], { env }, (error, out, err) => {
      resolve({ status: typeof error?.code === "number" ? error.code : error ? -1 : 0, text: `${out}${err}` });
    });
  });
const keyFile = () => readFile(join(api.dataDir, "master.key"), "utf8");
const dataKeys = () => api.database.db.prisma.data_keys.findMany();
const value = "hunter2-hunter2-hunter2";

/** A Capsule with everything sealed: a Secret, a sensitive variable, a plan's variables, a state. */
async function sealed() {
  const { secret } = await user.ok("POST", "/api/secrets", { name: `S_${Math.random().toString(36).slice(2)}`, value });
  const variables = [
    { name: "a", kind: "tofu", secret_id: secret.id },
    { name: "b", kind: "tofu", value, sensitive: true },
  ];
  const capsule = await user.capsule({ "main.tf": 'resource "terraform_data" "a" {}\n' }, { variables });
  const state = JSON.stringify({ version: 4, terraform_version: "1.12.6", serial: 1, lineage: "l", outputs: {}, resources: [] });
  const { body } = await api.call("POST", `/api/state/${capsule}/versions`, {
    raw: state,
    headers: { "content-type": "application/json" },
  });
  const version = body.state_version.id as string;
  const works = async () => {
    expect((await user.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule })).run.status).toBe("queued");
    const answer = await fetch(`${api.url}/state/${capsule}/versions/${version}`, { headers: { authorization: `Bearer ${api.token}` } });
    expect(await answer.text()).toBe(state);
  };
  return { capsule, works };
}

describe("keys rotate", () => {
  test("wraps every data key by a new master key, while the server makes new ones", async () => {
    const { works } = await sealed();
    const [before] = (await dataKeys()).map(({ master_key_id }) => master_key_id);
    const old = await keyFile();
    const stop = new AbortController();
    let made = 0;
    const busy = (async () => {
      // Every Workspace has a data key of its own, made at its first use.
      while (!stop.signal.aborted) {
        const { token } = await createActor(api.database.db);
        const answer = await caller(api.url, token)("POST", "/api/secrets", { body: { name: "S", value } });
        expect(answer.status, JSON.stringify(answer.body)).toBe(201);
        made++;
      }
    })();
    const { status, text } = await admin("keys", "rotate");
    stop.abort();
    await busy;
    expect(text).toContain(`master key ${before} -> mk_`);
    expect(status).toBe(0);
    expect(made).toBeGreaterThan(0);
    const masters = new Set((await dataKeys()).map(({ master_key_id }) => master_key_id));
    expect(masters.size).toBe(1);
    expect(masters.has(before ?? "")).toBe(false);
    expect(await keyFile()).not.toBe(old);
    const [kept] = (await readdir(api.dataDir)).filter((name) => name.startsWith("master.key.before-"));
    expect(await readFile(join(api.dataDir, kept ?? ""), "utf8")).toBe(old);
    await works();
    expect((await api.call("GET", "/readyz")).status).toBe(200);

    // A server that starts now needs the new key alone, and refuses the old one.
    const replica = await startApi({ replicaOf: api });
    expect((await replica.call("GET", "/api/projects")).status).toBe(200);
    await replica.close();
    await expect(startApi({ replicaOf: api, env: { TAKOSUMI_MASTER_KEY: old.trim() } })).rejects.toThrow(/master key/);
    const { events } = { events: await api.database.db.prisma.audit_events.findMany({ where: { action: "keys.rotated" } }) };
    expect(events).toMatchObject([{ chain_id: "instance", metadata: { before } }]);
  });

  test("that was cut off goes on where it was", async () => {
    const { works } = await sealed();
    const [before] = (await dataKeys()).map(({ master_key_id }) => master_key_id);
    // The new key stands in the file, and nothing is wrapped by it yet.
    const old = await keyFile();
    const next = Buffer.alloc(32, 5).toString("base64");
    await writeFile(join(api.dataDir, "master.key"), `${next}\n${old}`, { mode: 0o600 });
    await works();
    expect((await admin("keys", "rotate")).status).toBe(0);
    expect((await keyFile()).trim()).toBe(next);
    const masters = new Set((await dataKeys()).map(({ master_key_id }) => master_key_id));
    expect(masters.has(before ?? "")).toBe(false);
    await works();
  });

  test("--data seals anew what rows and blobs hold; the keys before still open what is left", async () => {
    const { capsule, works } = await sealed();
    const keysOf = async () => {
      const row = await api.database.db.prisma.capsules.findUniqueOrThrow({ where: { id: capsule } });
      return [...JSON.stringify(row.variables).matchAll(/tk1\.(dk_[\w-]+)\./g)].map(([, id]) => id);
    };
    const before = await keysOf();
    const { status, text } = await admin("keys", "rotate", "--data", "--wait", "0");
    expect(text).toMatch(/rows sealed anew: [1-9]/);
    expect(text).toMatch(/blobs sealed anew: [1-9]/);
    expect(status).toBe(0);
    const after = await keysOf();
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    await works();
    expect((await sealed()).capsule).toMatch(/^cap_/);
    expect((await user.ok("GET", "/api/audit/verify")).ok).toBe(true);
  });

  test("refuses with what to do where the key is missing or another's", async () => {
    const env = { DATABASE_URL: api.database.url, TAKOSUMI_DATA_DIR: join(api.dataDir, "elsewhere") };
    const run = (more: object) =>
      new Promise<string>((resolve) =>
        execFile(process.execPath, [main, "admin", "keys", "rotate"], { env: { ...env, ...more } }, (_, out, err) => resolve(out + err)),
      );
    expect(await run({})).toContain("The master key of this data is missing");
    expect(await run({ TAKOSUMI_MASTER_KEY: Buffer.alloc(32, 9).toString("base64") })).toContain("start with the key that made the data");
    expect(await run({ DATABASE_URL: "" })).toContain("set DATABASE_URL");
    await rm(env.TAKOSUMI_DATA_DIR, { recursive: true, force: true });
  });
});

describe("audit verify", () => {
  test("names the first broken link of any chain, and fails", async () => {
    await user.project();
    expect(await admin("audit", "verify")).toMatchObject({ status: 0, text: expect.stringContaining("chains are whole") });
    const { workspace_id } = await api.database.db.prisma.projects.findFirstOrThrow();
    const [first] = await api.database.db.prisma.audit_events.findMany({ where: { chain_id: workspace_id, sequence: 3 } });
    await api.database.db.prisma.audit_events.update({ where: { id: first?.id ?? "" }, data: { action: "nothing.happened" } });
    const found = await admin("audit", "verify");
    expect(found.status).toBe(1);
    expect(found.text).toContain(`BROKEN  ${workspace_id}  at event 3: The event was changed`);
    expect((await admin("audit", "verify", "--workspace", "instance")).status).toBe(0);
  });
});
