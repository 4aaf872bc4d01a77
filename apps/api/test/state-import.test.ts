import { createHash, randomUUID } from "node:crypto";
import { createToken } from "@takosumi/testkit/actors";
import { type Answer, caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

const digestOf = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;
const password = "hunter2-in-the-state";
interface Given {
  readonly lineage: string;
  readonly serial: number;
  readonly [more: string]: unknown;
}
/** A state as a tool writes it, with a number that JavaScript cannot hold. */
const stateText = ({ lineage, serial, ...more }: Given): string =>
  JSON.stringify(
    {
      version: 4,
      terraform_version: "1.12.6",
      serial,
      lineage,
      outputs: {
        url: { value: "https://example.com", type: "string" },
        password: { value: password, type: "string", sensitive: true },
        nested: { value: { serial: 5 }, type: ["object", { serial: "number" }] },
      },
      resources: [
        {
          mode: "managed",
          type: "terraform_data",
          name: "a",
          provider: 'provider["terraform.io/builtin/terraform"]',
          instances: [{ schema_version: 0, attributes: { id: "BIG", serial: "1" } }],
        },
      ],
      check_results: null,
      ...more,
    },
    null,
    2,
  ).replace('"BIG"', "12345678901234567890");

const send = (capsule: string, text: string, expected: object = {}, call = world.call): Promise<Answer> => {
  const query = new URLSearchParams(Object.entries(expected).map(([name, value]) => [`expect_${name}`, String(value)]));
  return call("POST", `/state/${capsule}/versions?${query}`, { raw: text, headers: { "content-type": "application/json" } });
};
const at = ({ lineage, serial, digest }: { lineage: string; serial: number; digest: string }) => ({ lineage, serial, digest });

/** A Capsule with an imported state of serial 3. */
async function withState() {
  const capsule = await world.capsule();
  const lineage = randomUUID();
  const text = stateText({ lineage, serial: 3 });
  const answer = await send(capsule.id, text);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return { capsule: capsule.id as string, lineage, text, version: answer.body.state_version };
}
const current = async (capsule: string) => (await world.ok("GET", `/capsules/${capsule}`)).capsule;
const events = async (capsule: string, action: string) => (await world.ok("GET", `/audit?capsule_id=${capsule}&action=${action}`)).events;

describe("an import", () => {
  it("becomes the current state, with its count and outputs, and sets the lineage", async () => {
    const { capsule, lineage, text, version } = await withState();
    expect(version).toMatchObject({
      serial: 3,
      lineage,
      digest: digestOf(text),
      size_bytes: Buffer.byteLength(text),
      resource_count: 1,
      run_id: null,
      origin: "import",
      actor: { id: expect.stringMatching(/^usr_/), name: "Owner" },
      rolled_back_to: null,
    });
    expect(await current(capsule)).toMatchObject({ current_state_version_id: version.id, resource_count: 1, status: "active" });
    const { outputs } = await world.ok("GET", `/api/outputs/${capsule}`);
    expect(outputs).toContainEqual({ name: "password", type: "string", value: null, sensitive: true });
    expect(outputs).toContainEqual({ name: "url", type: "string", value: "https://example.com", sensitive: false });
    expect((await world.ok("GET", `/api/state/${capsule}/versions/${version.id}/metadata`)).state_version).toEqual(version);
    expect((await world.ok("GET", `/state/${capsule}/versions`)).state_versions).toEqual([version]);
    const [event] = await events(capsule, "state.imported");
    expect(event).toMatchObject({ target: { type: "state_version", id: version.id }, capsule_id: capsule });
    expect(event.metadata).toMatchObject({ serial: 3, lineage, digest: version.digest, before: null });
    expect(JSON.stringify(event)).not.toContain(password);
  });

  it("hides a Secret of the Capsule that an output shows without saying that it is one", async () => {
    const secret = await world.secret(`S_${randomUUID().slice(0, 8)}`.replace(/-/g, "_"), "a-value-of-a-secret");
    const capsule = await world.capsule({ variables: [{ name: "token", kind: "tofu", secret_id: secret.id }] });
    const outputs = { leak: { value: "x a-value-of-a-secret y", type: "string" } };
    await send(capsule.id, stateText({ lineage: "l", serial: 1, outputs }));
    const shown = await world.ok("GET", `/api/outputs/${capsule.id}`);
    expect(shown.outputs[0].value).toBe(`x [redacted ${secret.name}] y`);
  });

  it("follows the expected state, and makes what was planned on it stale", async () => {
    const { capsule, lineage, version } = await withState();
    const planned = await world.planned(capsule);
    const text = stateText({ lineage, serial: 4 });
    const answer = await send(capsule, text, at(version));
    expect(answer).toMatchObject({ status: 201, body: { state_version: { serial: 4, digest: digestOf(text) } } });
    const { run } = await world.ok("GET", `/api/runs/${planned}`);
    expect(run).toMatchObject({ status: "stale", error: { message: expect.stringContaining("serial 4") } });
    const [event] = await events(capsule, "state.imported");
    expect(event.metadata.before).toEqual(at(version));
  });

  it("of many at once one wins, the others hear what is there now", async () => {
    const { capsule, lineage, version } = await withState();
    const texts = Array.from({ length: 8 }, (_, i) => stateText({ lineage, serial: 4 + i }));
    const answers = await Promise.all(texts.map((text) => send(capsule, text, at(version))));
    const won = answers.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      refused(answer, 409, "lost_race");
      expect(answer.body.error.details.current).toEqual({ id: won[0]?.body.state_version.id, ...at(won[0]?.body.state_version) });
    }
    expect((await world.ok("GET", `/state/${capsule}/versions`)).state_versions).toHaveLength(2);
  });

  it.each([
    ["serial", (seen: Given) => ({ ...seen, serial: 2 })],
    ["lineage", (seen: Given) => ({ ...seen, lineage: "another" })],
    ["digest", (seen: Given) => ({ ...seen, digest: digestOf("another") })],
  ])("is a lost race with another %s", async (_, change) => {
    const { capsule, lineage, version } = await withState();
    refused(await send(capsule, stateText({ lineage, serial: 4 }), change(at(version))), 409, "lost_race", "serial 3");
  });

  it("expects none where nothing is said, and says all or nothing", async () => {
    const { capsule, lineage, version } = await withState();
    refused(await send(capsule, stateText({ lineage, serial: 4 })), 409, "lost_race");
    const fresh = await world.capsule();
    refused(await send(fresh.id, stateText({ lineage, serial: 4 }), at(version)), 409, "lost_race", "none");
    const half = await send(capsule, stateText({ lineage, serial: 4 }), { serial: 3 });
    refused(half, 400, "invalid");
    expect(half.body.error.details.fields.map(({ path }: { path: string }) => path)).toEqual(["expect_lineage", "expect_digest"]);
  });

  it("of another lineage or an older one is refused with what to do", async () => {
    const { capsule, lineage, version } = await withState();
    refused(await send(capsule, stateText({ lineage: randomUUID(), serial: 9 }), at(version)), 412, "lineage", "a Capsule of their own");
    refused(await send(capsule, stateText({ lineage, serial: 3 }), at(version)), 412, "serial", "4");
  });

  it.each([
    ["nothing", "", "not a state file"],
    ["text", "hello", "not a state file"],
    ["a list", "[1]", "not a state file"],
    ["half a state", stateText({ lineage: "l", serial: 1 }).slice(0, 200), "not a state file"],
    ["version 3", stateText({ lineage: "l", serial: 1, version: 3 }), "only version 4"],
    ["no lineage", stateText({ lineage: "", serial: 1 }), "no lineage"],
    ["no serial", stateText({ lineage: "l", serial: 1.5 }), "no serial"],
    ["an encrypted state", '{"serial":1,"lineage":"l","meta":{},"encrypted_data":"eA==","encryption_version":"v0"}', "encrypted"],
    ["no resources", stateText({ lineage: "l", serial: 1, resources: undefined }), "resources"],
    ["a wish that is none", '{"rollback_to": 1}', "rollback_to"],
    ["a wish with more", '{"rollback_to": "sv_1", "force": true}', "force"],
  ])("%s is 400 saying so", async (_, text, word) => {
    const capsule = await world.capsule();
    refused(await send(capsule.id, text), 400, "invalid", word);
    expect((await current(capsule.id)).current_state_version_id).toBeNull();
  });

  it("larger than may be is 413, of another type 415", async () => {
    const { id } = await world.capsule();
    const large = await world.call("POST", `/state/${id}/versions`, {
      raw: new Uint8Array(64 * 1024 * 1024 + 1),
      headers: { "content-type": "application/octet-stream" },
    });
    expect(large.status).toBe(413);
    const form = await world.call("POST", `/state/${id}/versions`, { raw: "a=b", headers: { "content-type": "text/plain" } });
    refused(form, 415, "type");
  });

  it("waits for whoever holds the Capsule: a Run, a recovery, another person; not for the caller's own lock", async () => {
    const { capsule, lineage, version } = await withState();
    const next = () => send(capsule, stateText({ lineage, serial: 4 }), at(version));
    const { id: run } = await world.plan(capsule);
    const hold = (lock_run_id: string | null) =>
      world.db.prisma.capsules.update({
        where: { id: capsule },
        data: { lock_run_id, lock_reason: lock_run_id && "an apply is in progress", locked_at: lock_run_id && new Date() },
      });
    await hold(run);
    refused(await next(), 409, "locked", run);
    await hold(null);
    const { workspace_id } = await current(capsule);
    const other = await world.member(workspace_id, "admin");
    await world.ok("POST", `/api/capsules/${capsule}/lock`, { reason: "surgery" }, other);
    refused(await next(), 409, "locked", "surgery");
    await world.ok("POST", `/api/capsules/${capsule}/unlock`, { reason: "done" });
    await world.ok("POST", `/api/capsules/${capsule}/lock`, { reason: "mine" });
    expect((await next()).status).toBe(201);
  });
});

describe("a rollback", () => {
  it("repeats an earlier state byte for byte under the next serial", async () => {
    const { capsule, lineage, text, version } = await withState();
    const second = (await send(capsule, stateText({ lineage, serial: 7, resources: [], outputs: {} }), at(version))).body.state_version;
    const planned = await world.planned(capsule);
    const answer = await send(capsule, JSON.stringify({ rollback_to: version.id }), at(second));
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const back = answer.body.state_version;
    expect(back).toMatchObject({ serial: 8, lineage, origin: "rollback", rolled_back_to: version.id, resource_count: 1, run_id: null });
    const bytes = await fetch(`${world.api.url}/api/state/${capsule}/versions/${back.id}`, {
      headers: { authorization: `Bearer ${world.api.token}` },
    });
    expect(await bytes.text()).toBe(text.replace('\n  "serial": 3,', '\n  "serial": 8,'));
    expect(await current(capsule)).toMatchObject({ current_state_version_id: back.id, resource_count: 1 });
    expect((await world.ok("GET", `/outputs/${capsule}`)).outputs).toHaveLength(3);
    expect(await world.statusOf(planned)).toBe("stale");
    const [event] = await events(capsule, "state.rolled_back");
    expect(event.metadata).toMatchObject({ rolled_back_to: version.id, serial: 8, before: at(second) });
  });

  it("is compared and swapped like an import, and goes nowhere foreign", async () => {
    const { capsule, lineage, version } = await withState();
    const second = (await send(capsule, stateText({ lineage, serial: 4 }), at(version))).body.state_version;
    const wish = JSON.stringify({ rollback_to: version.id });
    refused(await send(capsule, wish, at(version)), 409, "lost_race");
    refused(await send(capsule, JSON.stringify({ rollback_to: second.id }), at(second)), 409, "already_current");
    const foreign = await withState();
    const [theirs, missing] = await Promise.all(
      [foreign.version.id, "sv_01jd4r6m3xk8q2v7n5t9c0hbwe"].map((id) => send(capsule, JSON.stringify({ rollback_to: id }), at(second))),
    );
    expect(theirs?.status).toBe(404);
    expect(theirs?.body.error.details.fields).toEqual([{ path: "rollback_to", message: expect.any(String) }]);
    expect(theirs?.body).toEqual(missing?.body);
  });
});

describe("a download", () => {
  const read = (capsule: string, id: string, token: string) =>
    fetch(`${world.api.url}/state/${capsule}/versions/${id}`, { headers: { authorization: `Bearer ${token}` } });

  it("is the bytes that were brought, recorded, and never kept by anybody in between", async () => {
    const { capsule, text, version } = await withState();
    const answer = await read(capsule, version.id, world.api.token);
    expect(await answer.text()).toBe(text);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-length": String(Buffer.byteLength(text)),
      "content-type": "application/json",
      "cache-control": "no-store",
      "content-disposition": 'attachment; filename="web-3.tfstate"',
    });
    const [event] = await events(capsule, "state.downloaded");
    expect(event).toMatchObject({ target: { id: version.id }, metadata: { digest: version.digest } });
  });

  it("needs state:read, of a role and of a token, and is recorded where it is refused", async () => {
    const { capsule, version } = await withState();
    const { workspace_id } = await current(capsule);
    const editor = await world.member(workspace_id, "editor");
    refused(await editor("GET", `/state/${capsule}/versions/${version.id}`), 403, "role");
    const { owner_id } = await world.db.prisma.workspaces.findUniqueOrThrow({ where: { id: workspace_id } });
    const narrow = caller(world.api.url, await createToken(world.db, owner_id, { scopes: ["run:read", "capsule:read"] }));
    refused(await narrow("GET", `/state/${capsule}/versions/${version.id}`), 403, "scope");
    const denied = (await world.ok("GET", "/audit?action=access.denied")).events;
    expect(denied.filter(({ target }: { target: { id: string } }) => target.id === "state.download")).toHaveLength(2);
  });

  it("finds nothing of another Capsule under this one", async () => {
    const [mine, other] = [await withState(), await withState()];
    const answer = await world.call("GET", `/api/state/${mine.capsule}/versions/${other.version.id}`);
    refused(answer, 404, undefined);
  });
});
