import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { purgeSpaces } from "../src/tenancy/spaces/lifecycle.ts";
import { refused } from "./deploy.ts";
import { type Person, person, spaceOf } from "./people.ts";
import { imported, inline } from "./samples.ts";

let api: TestApi;
let ada: Person;
let eve: Person;
beforeAll(async () => {
  api = await startApi();
  [ada, eve] = [await person(api), await person(api)];
});
afterAll(() => api.close());
const db = () => api.database.db;
let counter = 0;
const fresh = (word = "Space") => `${word} ${Date.now().toString(36)}${++counter}`;

describe("a space", () => {
  it("is made with a slug of its name, and its maker owns it", async () => {
    const name = fresh("Größe &");
    const { status, body } = await ada.call("POST", "/api/spaces", { body: { name, description: " Ours " } });
    expect(status).toBe(201);
    const slug = name.toLowerCase().replace("größe & ", "grosse-");
    expect(body).toMatchObject({
      space: {
        name,
        slug,
        description: "Ours",
        kind: "team",
        role: "owner",
        owner_principal_id: ada.user_id,
        security_posture: "standard",
      },
      repository: null,
    });
    for (const at of [body.space.id, slug])
      expect((await ada.call("GET", `/api/spaces/${at}`)).body).toEqual({ space: body.space, role: "owner", repository: null });
    expect((await eve.call("GET", `/api/spaces/${slug}`)).status).toBe(404);
    expect((await ada.call("POST", "/api/spaces", { body: { name } })).body.space.slug).toBe(`${slug}-2`);
    expect((await ada.call("GET", `/api/spaces/${ada.username}`)).body.space.kind).toBe("user");
    for (const at of ["me", "me?space_id=me"]) expect((await ada.call("GET", `/api/spaces/${at}`)).body.space.slug).toBe(ada.username);
  });

  it("shares its names with people: one taken, held or reserved is no slug", async () => {
    const make = (id: string, who = ada) => who.call("POST", "/api/spaces", { body: { name: "Any", id } });
    refused(await make(eve.username), 409, "name_taken", "id");
    for (const id of ["admin", "ab", "Upper-case", "ws_abc", "a b", "аdmin"]) refused(await make(id), 400, "invalid", "id");
    const slug = fresh("s").toLowerCase().replace(" ", "-");
    const answers = await Promise.all([make(slug), make(slug, eve), make(slug)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    refused(await ada.call("PATCH", "/api/me/username", { body: { username: slug } }), 409, "name_taken");
    expect((await ada.call("POST", "/api/spaces", { body: { name: "Admin" } })).body.space.slug).toMatch(/^admin-\d/);
  });

  it.each([[{}], [{ name: "  " }], [{ name: "x".repeat(101) }], [{ name: "a\u202eb" }], [{ name: 1 }], [{ name: "n", slug: "s" }]])(
    "of %j is refused",
    async (body) => {
      refused(await ada.call("POST", "/api/spaces", { body }), 400, "invalid");
    },
  );

  it("is listed to its members, what changed last first, page by page", async () => {
    const one = await person(api);
    const made = [await spaceOf(one, fresh()), await spaceOf(one, fresh()), await spaceOf(one, fresh())];
    await one.call("PATCH", `/api/spaces/${made[0]?.id}`, { body: { description: "changed" } });
    const first = (await one.call("GET", "/api/spaces?limit=2")).body;
    const second = (await one.call("GET", `/api/spaces?limit=2&cursor=${encodeURIComponent(first.next_cursor)}`)).body;
    expect([...first.spaces, ...second.spaces].map(({ id }: { id: string }) => id)).toEqual([
      made[0]?.id,
      made[2]?.id,
      made[1]?.id,
      one.workspace_id,
    ]);
    expect(second.next_cursor).toBeNull();
  });

  it("changes its name and model, never its slug", async () => {
    const space = await spaceOf(ada, fresh());
    const patch = (body: object) => ada.call("PATCH", `/api/spaces/${space.id}`, { body });
    const changed = await patch({ name: "Other", security_posture: "restricted_egress", ai_model: "gpt-5.4", ai_provider: "openai" });
    expect(changed.body.space).toMatchObject({ name: "Other", slug: space.slug, security_posture: "restricted_egress" });
    const model = () => ada.call("GET", `/api/spaces/${space.id}/model`);
    expect((await model()).body).toEqual({
      ai_model: "gpt-5.4",
      ai_provider: "openai",
      model: "gpt-5.4",
      provider: "openai",
      token_limit: 112_000,
    });
    const choose = (body: object) => ada.call("PATCH", `/api/spaces/${space.id}/model`, { body });
    expect((await choose({ model: "claude-sonnet-4-6", provider: "anthropic" })).body).toMatchObject({ provider: "anthropic" });
    for (const body of [
      {},
      { ai_model: "no-such" },
      { ai_model: "gpt-5.4", ai_provider: "anthropic" },
      { security_posture: "none" },
      { slug: "x" },
    ])
      refused(await patch(body), 400, "invalid");
    for (const body of [
      {},
      { provider: "openai" },
      { model: "gpt-5.4", ai_model: "gpt-5.4-mini" },
      { model: "gpt-5.4", provider: "google" },
    ])
      refused(await choose(body), 400, "invalid");
    expect((await model()).body.model).toBe("claude-sonnet-4-6");
  });

  it("exports what it holds", async () => {
    const space = await spaceOf(ada, fresh());
    const { project } = (await ada.call("POST", "/api/projects", { body: { workspace_id: space.id, name: "p" } })).body;
    const { capsule } = (await ada.call("POST", "/api/capsules", { body: { project_id: project.id, name: "c", source: inline } })).body;
    const { body } = await ada.call("GET", `/api/spaces/${space.id}/export`);
    expect(body).toMatchObject({
      projects: [{ id: project.id }],
      capsules: [{ id: capsule.id, export_url: `/api/state/${capsule.id}/versions` }],
      counts: { projects: 1, capsules: 1, total_resources: 0 },
      truncated: false,
    });
    expect((await ada.call("GET", body.capsules[0].export_url)).status).toBe(200);
  });
});

describe("a space that is deleted", () => {
  it("is gone for everybody at once, comes back with everybody within seven days, and then never", async () => {
    const space = await spaceOf(ada, fresh(), [eve, "editor"]);
    const { project } = (await ada.call("POST", "/api/projects", { body: { workspace_id: space.id, name: "p" } })).body;
    const bot = (await ada.call("POST", `/api/spaces/${space.id}/tokens`, { body: { name: "bot", role: "viewer" } })).body;
    refused(await eve.call("DELETE", `/api/spaces/${space.id}`), 403, "role");
    expect((await ada.call("DELETE", `/api/spaces/${space.id}`)).body).toEqual({ success: true });
    for (const { call } of [ada, eve]) {
      expect((await call("GET", `/api/spaces/${space.slug}`)).status).toBe(404);
      expect((await call("GET", `/api/projects/${project.id}`)).status).toBe(404);
    }
    expect((await caller(api.url, bot.token)("GET", `/api/projects/${project.id}`)).status).toBe(404);
    refused(await eve.call("POST", "/api/spaces", { body: { name: "n", id: space.slug } }), 409, "name_taken");
    expect((await eve.call("POST", `/api/spaces/${space.id}/restore`)).status).toBe(404);
    expect((await ada.call("POST", `/api/spaces/${space.slug}/restore`)).body.space).toMatchObject({ id: space.id, slug: space.slug });
    expect((await eve.call("GET", `/api/projects/${project.id}`)).status).toBe(200);
    expect((await caller(api.url, bot.token)("GET", `/api/projects/${project.id}`)).status).toBe(200);
    expect((await ada.call("POST", `/api/spaces/${space.id}/restore`)).status).toBe(404);

    await ada.call("POST", "/api/secrets", { body: { workspace_id: space.id, name: "S", value: "v" } });
    await ada.call("DELETE", `/api/spaces/${space.id}`);
    await db().prisma.workspaces.update({ where: { id: space.id }, data: { deleted_at: new Date(Date.now() - 8 * 24 * 3_600_000) } });
    expect((await ada.call("POST", `/api/spaces/${space.id}/restore`)).status).toBe(404);
    expect(await purgeSpaces(db(), 10)).toBe(1);
    expect(await db().prisma.data_keys.count({ where: { workspace_id: space.id } })).toBe(0);
    expect(await purgeSpaces(db(), 10)).toBe(0);
    const events = await db().prisma.audit_events.findMany({ where: { chain_id: space.id }, orderBy: { sequence: "asc" } });
    expect(events.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["workspace.created", "workspace.deleted", "workspace.restored", "workspace.purged"]),
    );
  });

  it("is not while a Run is open or a Capsule holds resources, nor is the space of one's own", async () => {
    const space = await spaceOf(ada, fresh());
    const { project } = (await ada.call("POST", "/api/projects", { body: { workspace_id: space.id, name: "p" } })).body;
    const { capsule } = (await ada.call("POST", "/api/capsules", { body: { project_id: project.id, name: "c", source: inline } })).body;
    const { run } = (await ada.call("POST", "/api/runs", { body: { kind: "plan", capsule_id: capsule.id } })).body;
    refused(await ada.call("DELETE", `/api/spaces/${space.id}`), 409, "run_active", run.id);
    await ada.call("POST", `/api/runs/${run.id}/cancel`, { body: {} });
    await imported(ada.call, capsule.id);
    await db().prisma.capsules.update({ where: { id: capsule.id }, data: { resource_count: 2 } });
    refused(await ada.call("DELETE", `/api/spaces/${space.id}`), 409, "not_empty", "c");
    refused(await ada.call("DELETE", "/api/spaces/me"), 409, "owner");
  });
});

describe("seed repositories", () => {
  it("are the same for everybody", async () => {
    const { repositories } = (await caller(api.url, null)("GET", "/api/seed-repositories")).body;
    expect(repositories.length).toBeGreaterThan(0);
    expect((await ada.call("GET", "/api/seed-repositories")).body.repositories).toEqual(repositories);
  });
});
