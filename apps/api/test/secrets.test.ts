import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());
const sealedOf = async (id: string) => (await world.db.prisma.secrets.findUniqueOrThrow({ where: { id } })).sealed;

describe("secrets", () => {
  it("are stored sealed and never answered", async () => {
    const answer = await world.call("POST", "/api/secrets", { body: { name: "DB_PASSWORD", value: "swordfish-swordfish" } });
    expect(Object.keys(answer.body.secret).sort()).toEqual(["created_at", "id", "name", "updated_at", "workspace_id"]);
    const sealed = await sealedOf(answer.body.secret.id);
    expect(sealed).toMatch(/^tk1\./);
    const said = JSON.stringify([
      answer.body,
      await world.ok("GET", "/api/secrets"),
      await world.ok("GET", "/api/audit"),
      world.api.process.lines,
    ]);
    for (const never of ["swordfish", sealed]) expect(said).not.toContain(never);
    const row = JSON.stringify(await world.db.prisma.idempotency_claims.findMany());
    expect(row).not.toContain("swordfish");
  });

  it("have one name each, also when made at once", async () => {
    const body = { name: "SAME", value: "a" };
    const answers = await Promise.all([1, 2, 3].map(() => world.call("POST", "/api/secrets", { body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const loser = answers.find(({ status }) => status === 409);
    if (loser) refused(loser, 409, "name_taken", "SAME");
  });

  it("are found by their name", async () => {
    const { id } = await world.secret("NAMED");
    const found = await world.ok("GET", "/api/secrets?name=NAMED");
    expect(found).toEqual({ secrets: [expect.objectContaining({ id })], next_cursor: null });
    expect((await world.ok("GET", "/api/secrets?name=NAME")).secrets).toEqual([]);
    const stranger = await world.stranger();
    expect((await world.ok("GET", "/api/secrets?name=NAMED", undefined, stranger)).secrets).toEqual([]);
    refused(await world.call("GET", "/api/secrets?name=no%20name"), 400, "invalid", "name");
  });

  it("are replaced", async () => {
    const { id } = await world.secret("ROTATED", "one");
    const before = await sealedOf(id);
    expect((await world.ok("PUT", `/api/secrets/${id}`, { value: "two" })).secret).toMatchObject({ id, name: "ROTATED" });
    expect(await sealedOf(id)).not.toBe(before);
    const { events } = await world.ok("GET", "/api/audit?action=secret.replaced");
    expect(events[0]).toMatchObject({ target: { type: "secret", id }, metadata: { name: "ROTATED" } });
  });

  it("in use name at most ten Capsules that use them", async () => {
    const { id } = await world.secret("BUSY");
    const { id: project_id } = await world.project();
    const variables = [{ name: "v", kind: "tofu", secret_id: id }];
    for (let i = 0; i < 11; i++) await world.capsule({ project_id, name: `c-${i}`, variables });
    const answer = await world.call("DELETE", `/api/secrets/${id}`);
    refused(answer, 409, "in_use", "c-9 and others");
    expect(answer.body.error.details.capsules).toHaveLength(10);
    expect(answer.body.error.message).not.toContain("c-10");
    const { secret } = await world.ok("GET", `/api/secrets/${id}`);
    expect(secret).toMatchObject({ name: "BUSY", used_by: { truncated: false } });
    expect(secret.used_by.capsules).toHaveLength(11);
    expect(secret.used_by.capsules[0]).toEqual({ id: expect.stringMatching(/^cap_/), name: "c-0" });
  });

  it("deleted while a Capsule takes them are either used or gone, never both", async () => {
    const { id: project_id } = await world.project();
    for (let i = 0; i < 5; i++) {
      const { id } = await world.secret(`RACE_${i}`);
      const [kept, removed] = await Promise.all([
        world.call("POST", "/api/capsules", {
          body: {
            project_id,
            name: `r-${i}`,
            source: { kind: "inline", files: { "a.tf": "" } },
            variables: [{ name: "v", kind: "tofu", secret_id: id }],
          },
        }),
        world.call("DELETE", `/api/secrets/${id}`),
      ]);
      expect([
        [201, 409],
        [404, 204],
      ]).toContainEqual([kept.status, removed.status]);
    }
  });

  it("need the right to write them, list for who may read, and are foreign to strangers", async () => {
    const secret = await world.secret("GUARDED");
    const viewer = await world.member(secret.workspace_id, "viewer");
    const body = { workspace_id: secret.workspace_id, name: "N", value: "v" };
    expect((await viewer("POST", "/api/secrets", { body })).status).toBe(403);
    expect((await viewer("PUT", `/api/secrets/${secret.id}`, { body: { value: "v" } })).status).toBe(403);
    const names = (await world.ok("GET", `/api/secrets?workspace_id=${secret.workspace_id}&limit=100`, undefined, viewer)).secrets;
    expect(names.map(({ name }: { name: string }) => name)).toContain("GUARDED");
    const stranger = await world.stranger();
    for (const id of [secret.id, "sec_none"]) expect((await stranger("DELETE", `/api/secrets/${id}`)).status).toBe(404);
  });
});
