import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, fieldPaths, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

const token = "cf-token-of-a-test-0123456789";
const cloudflare = { provider: "cloudflare/cloudflare", recipe: { id: "cloudflare" }, values: { CLOUDFLARE_API_TOKEN: token } };
const aws = { provider: "hashicorp/aws", recipe: { id: "aws", auth_mode: "static_keys" } };
const own = { provider: "acme/intranet", recipe: { id: "generic-env" }, values: { INTRANET_TOKEN: "s3cret-of-the-intranet" } };
let count = 0;
const unique = (word: string) => `${word} ${count++}`;
const post = (body: object) => world.call("POST", "/api/connections", { body: { name: unique("c"), ...body } });
const made = async (body: object) => (await world.ok("POST", "/api/connections", { name: unique("c"), ...body })).connection;
const read = async (id: string) => (await world.ok("GET", `/api/connections/${id}`)).connection;
const change = (id: string, body: object) => world.call("PATCH", `/api/connections/${id}`, { body });
const remove = (id: string) => world.call("DELETE", `/api/connections/${id}`);
const row = (id: string) => world.db.prisma.connections.findUniqueOrThrow({ where: { id } });
const bound = (connection_id: string, more: object = {}) =>
  world.capsule({ provider_bindings: [{ provider: "cloudflare/cloudflare", connection_id }], ...more });
const binding = (connection_id: string) => ({
  provider: "registry.opentofu.org/cloudflare/cloudflare",
  alias: null,
  status: "resolved_provider_connection",
  connection_id,
  reason: null,
  message: null,
  remedy: null,
  recipe: { id: "cloudflare", auth_mode: "api_token" },
  injected_by: "environment",
  env_names: ["CLOUDFLARE_API_TOKEN"],
  file_env_names: [],
});
/** A plan of this Capsule as if a runner had resolved and finished it. */
async function plannedWith(capsule_id: string, connection_id: string): Promise<string> {
  const id = await world.planned(capsule_id);
  await world.db.prisma.runs.update({ where: { id }, data: { provider_bindings: [binding(connection_id)] } });
  return id;
}

describe("a connection", () => {
  it("shows names and nothing else, at both addresses", async () => {
    const answer = await world.call("POST", "/connections", { body: { name: "cf", ...cloudflare, expires_at: "2040-01-01T00:00:00Z" } });
    expect(answer.status).toBe(201);
    const { connection } = answer.body;
    expect(connection).toMatchObject({
      id: expect.stringMatching(/^conn_/),
      name: "cf",
      provider: "registry.opentofu.org/cloudflare/cloudflare",
      recipe: { id: "cloudflare", auth_mode: "api_token" },
      status: "ready",
      status_message: null,
      fields: ["CLOUDFLARE_API_TOKEN"],
      env_names: ["CLOUDFLARE_API_TOKEN"],
      file_env_names: [],
      used_by: { count: 0, capsules: [] },
      expires_at: "2040-01-01T00:00:00.000Z",
      revoked_at: null,
    });
    expect(await read(connection.id)).toEqual(connection);
    expect((await world.ok("GET", "/connections?limit=100")).connections).toContainEqual(connection);
  });

  it("lies sealed, and its values stand in no answer, log line, audit or repeated answer", async () => {
    const secret = "swordfish-swordfish-swordfish";
    const file = "-----BEGIN of-the-file-----";
    const { id: secret_id } = await world.secret("OF_A_CONNECTION", "from-a-secret-0123456789");
    const body = {
      ...own,
      name: unique("c"),
      values: { A_TOKEN: secret },
      secrets: { B_TOKEN: secret_id },
      files: [{ path: "ca.pem", content: file, env_name: "CA_FILE" }],
    };
    const sent = () => world.call("POST", "/api/connections", { body, headers: { "idempotency-key": "one-of-a-connection" } });
    const [first, again] = [await sent(), await sent()];
    expect(again.body).toEqual(first.body);
    const { id } = first.body.connection;
    expect(first.body.connection).toMatchObject({
      fields: ["A_TOKEN", "B_TOKEN"],
      env_names: ["A_TOKEN", "B_TOKEN"],
      file_env_names: ["CA_FILE"],
    });
    await change(id, { name: unique("c") });
    const { sealed } = await row(id);
    expect(sealed).toMatch(/^tk1\./);
    const said = JSON.stringify([
      first.body,
      await read(id),
      await world.ok("GET", "/api/connections?limit=100"),
      await world.ok("GET", "/api/audit?limit=100"),
      await world.db.prisma.idempotency_claims.findMany(),
      { ...(await row(id)), sealed: null },
      world.api.process.lines,
    ]);
    for (const never of [secret, file, "from-a-secret", sealed as string]) expect(said).not.toContain(never);
    const shown = JSON.stringify([first.body, await read(id), await world.ok("GET", "/api/audit?action=connection.created")]);
    expect(shown).not.toContain(secret_id);
  });

  it("has one name in a Workspace until it is deleted, also when made at once", async () => {
    const body = { ...cloudflare, name: "the same" };
    const answers = await Promise.all([1, 2, 3].map(() => post(body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    for (const loser of answers.filter(({ status }) => status === 409)) refused(loser, 409, "name_taken", "the same");
    const other = await made(cloudflare);
    refused(await change(other.id, { name: "the same" }), 409, "name_taken", "the same");
    const { id } = answers.find(({ status }) => status === 201)?.body.connection ?? {};
    expect((await remove(id)).status).toBe(204);
    expect((await change(other.id, { name: "the same" })).body.connection.name).toBe("the same");
  });

  it("is listed by provider, the registries' two names for it being one, and page by page", async () => {
    const stranger = await world.stranger();
    const mine = async (name: string, given: object) =>
      (await world.ok("POST", "/api/connections", { ...given, name }, stranger)).connection.id;
    const ids = [await mine("a", cloudflare), await mine("b", own), await mine("c", cloudflare)];
    const list = async (query: string) => world.ok("GET", `/api/connections?${query}`, undefined, stranger);
    const idsOf = ({ connections }: { connections: { id: string }[] }) => connections.map(({ id }) => id);
    expect(idsOf(await list(""))).toEqual(ids);
    for (const provider of ["cloudflare/cloudflare", "registry.terraform.io/Cloudflare/cloudflare"])
      expect(idsOf(await list(`provider=${provider}`))).toEqual([ids[0], ids[2]]);
    const first = await list("limit=2");
    expect(idsOf(await list(`limit=2&cursor=${first.next_cursor}`))).toEqual([ids[2]]);
  });
});

describe("what a recipe does not want", () => {
  const cases: [string, object, string, string][] = [
    ["a recipe that is none", { ...cloudflare, recipe: { id: "clodflare" } }, "recipe.id", "is not a recipe"],
    ["a mode that is none", { ...cloudflare, recipe: { id: "cloudflare", auth_mode: "oauth" } }, "recipe.auth_mode", "api_token"],
    ["a mode of every object", { ...cloudflare, recipe: { id: "cloudflare", auth_mode: "constructor" } }, "recipe.auth_mode", "mode"],
    ["another provider", { ...cloudflare, provider: "hashicorp/aws" }, "provider", "is not served by the recipe cloudflare"],
    ["no provider at all", { ...cloudflare, provider: "aws" }, "provider", "hashicorp/aws"],
    ["a field too few", { ...aws, values: { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" } }, "values.AWS_SECRET_ACCESS_KEY", "is missing"],
    ["no fields", { ...cloudflare, values: {} }, "values.CLOUDFLARE_API_TOKEN", "is missing"],
    ["a field too many", { ...cloudflare, values: { ...cloudflare.values, CF_KEY: "x" } }, "values.CF_KEY", "is not a field"],
    ["an empty field", { ...cloudflare, values: { CLOUDFLARE_API_TOKEN: "" } }, "values.CLOUDFLARE_API_TOKEN", "empty"],
    ["files of one's own", { ...cloudflare, files: [{ path: "a", content: "b" }] }, "files.0", "takes no files"],
    ["a variable of the tool", { ...own, values: { TF_LOG: "trace" } }, "values.TF_LOG", "TF_LOG may not be set"],
    ["a variable of the loader", { ...own, values: { LD_PRELOAD: "x" } }, "values.LD_PRELOAD", "LD_PRELOAD may not be set"],
    ["a variable of a file", { ...own, files: [{ path: "a", content: "b", env_name: "PATH" }] }, "files.0.env_name", "PATH may not be set"],
    ["a path outside", { ...own, files: [{ path: "../a", content: "b" }] }, "files.0.path", "path"],
    ["a path twice", { ...own, files: ["a", "A"].map((path) => ({ path, content: "b" })) }, "files.1.path", "twice"],
    ["a name twice", { ...own, files: [{ path: "a", content: "b", env_name: "INTRANET_TOKEN" }] }, "files.0.env_name", "twice"],
    ["a value too big", { ...own, values: { BIG: "x".repeat(40_000) } }, "values.BIG", "longer"],
    ["a value much too big", { ...own, values: { BIG: "x".repeat(200_000) } }, "values.BIG", ""],
    ["no number in a value", { ...own, values: { A: 1 } }, "values.A", ""],
    ["an end in the past", { ...cloudflare, expires_at: "2020-01-01T00:00:00Z" }, "expires_at", "past"],
    ["an end that is none", { ...cloudflare, expires_at: "soon" }, "expires_at", ""],
    ["a name of nothing", { ...cloudflare, name: " " }, "name", "is not a name"],
    ["an unknown key", { ...cloudflare, scope: "operator" }, "scope", "is not a name that is known here"],
    ["an unknown key of the recipe", { ...cloudflare, recipe: { id: "cloudflare", partition: "x" } }, "recipe.partition", ""],
    ["an unknown key of a file", { ...own, files: [{ path: "a", content: "b", mode: 511 }] }, "files.0.mode", ""],
  ];
  it.each(cases)("%s: 400 naming it, and no value", async (_, body, path, word) => {
    const answer = await post(body);
    refused(answer, 400, "invalid", word);
    expect(fieldPaths(answer)).toContain(path);
    expect(JSON.stringify(answer.body)).not.toContain(token);
  });

  it("a field given twice, and a Secret that is not there or another's: each named", async () => {
    const { id } = await world.secret("TWICE");
    const twice = await post({ ...cloudflare, secrets: { CLOUDFLARE_API_TOKEN: id } });
    refused(twice, 400, "invalid", "give it once");
    const stranger = await world.stranger();
    const foreign = await world.secret("FOREIGN", "a foreign value", stranger);
    for (const secret of [foreign.id, "sec_none"]) {
      const answer = await post({ ...own, secrets: { B_TOKEN: secret } });
      refused(answer, 404, undefined, "secrets.B_TOKEN: There is no such secret");
    }
    const { id: held } = await made(own);
    refused(await change(held, { secrets: { B_TOKEN: foreign.id } }), 404, undefined, "secrets.B_TOKEN");
    expect(await read(held)).toMatchObject({ fields: ["INTRANET_TOKEN"], status: "ready" });
  });
});

describe("changing a connection", () => {
  it("replaces each part whole, keeps the others, and tells what changed", async () => {
    const { id: secret_id } = await world.secret("ROTATED_PART", "value-of-a-secret");
    const files = [{ path: "ca.pem", content: "x", env_name: "CA_FILE" }];
    const first = await made({ ...own, secrets: { B_TOKEN: secret_id }, files });
    const { sealed } = await row(first.id);
    const changed = (await change(first.id, { values: { OTHER: "o" } })).body.connection;
    expect(changed).toMatchObject({ env_names: ["B_TOKEN", "OTHER"], file_env_names: ["CA_FILE"] });
    expect(changed.rotated_at > first.rotated_at).toBe(true);
    expect((await row(first.id)).sealed).not.toBe(sealed);
    expect((await change(first.id, { secrets: {} })).body.connection).toMatchObject({ env_names: ["OTHER"], file_env_names: ["CA_FILE"] });
    expect((await change(first.id, { files: [] })).body.connection).toMatchObject({ env_names: ["OTHER"], file_env_names: [] });
    const renamed = (await change(first.id, { name: unique("renamed") })).body.connection;
    expect(renamed.rotated_at).toBe((await change(first.id, { expires_at: null })).body.connection.rotated_at);
    const { events } = await world.ok("GET", "/api/audit?action=connection.updated&limit=1");
    expect(events[0]).toMatchObject({ target: { type: "connection", id: first.id }, metadata: { changed: ["expires_at"] } });
  });

  it("checks what would result, and changes nothing where that is not whole", async () => {
    const { id } = await made({ ...aws, values: { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "a".repeat(40) } });
    const { sealed } = await row(id);
    refused(await change(id, { values: { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7OTHER00" } }), 400, "invalid", "AWS_SECRET_ACCESS_KEY");
    refused(await change(id, {}), 400, "invalid", "nothing to change");
    for (const key of ["provider", "recipe", "status", "workspace_id"]) expect(fieldPaths(await change(id, { [key]: key }))).toContain(key);
    expect((await row(id)).sealed).toBe(sealed);
  });

  it("of two changes at once neither undoes the other: one is told to look again", async () => {
    const { id } = await made(own);
    const answers = await Promise.all(["A", "B", "C", "D"].map((name) => change(id, { values: { [name]: name } })));
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeGreaterThan(0);
    for (const lost of answers.filter(({ status }) => status !== 200)) refused(lost, 409, "lost_race");
    expect(won.map(({ body }) => body.connection.fields)).toContainEqual((await read(id)).fields);
  });

  it("expires, and is ready again with another end", async () => {
    const { id } = await made(cloudflare);
    await world.db.prisma.connections.update({ where: { id }, data: { expires_at: new Date(0) } });
    expect(await read(id)).toMatchObject({ status: "expired", status_message: expect.stringContaining("1970-01-01") });
    expect((await change(id, { expires_at: "2040-01-01T00:00:00Z" })).body.connection.status).toBe("ready");
  });

  it("needs setup once its recipe is not known any more, or a field lost its value", async () => {
    const { id } = await made(cloudflare);
    await world.db.prisma.connections.update({ where: { id }, data: { fields: [] } });
    expect(await read(id)).toMatchObject({ status: "needs_setup", status_message: expect.stringContaining("CLOUDFLARE_API_TOKEN") });
    await world.db.prisma.connections.update({ where: { id }, data: { recipe_id: "of-a-later-version" } });
    expect(await read(id)).toMatchObject({ status: "needs_setup", status_message: expect.stringContaining("of-a-later-version") });
    refused(await change(id, { values: { A: "b" } }), 409, "recipe_gone", "of-a-later-version");
  });
});

describe("deleting a connection", () => {
  it("destroys what was sealed, leaves a tombstone that says so, and frees its Secrets", async () => {
    const { id: secret_id } = await world.secret("FREED");
    const { id } = await made({ ...own, secrets: { B_TOKEN: secret_id } });
    refused(await world.call("DELETE", `/api/secrets/${secret_id}`), 409, "in_use", "the connections c ");
    const { used_by } = (await world.ok("GET", `/api/secrets/${secret_id}`)).secret;
    expect(used_by).toMatchObject({ capsules: [], connections: [{ id }] });
    expect((await remove(id)).status).toBe(204);
    expect(await row(id)).toMatchObject({ sealed: null, fields: [], files: [] });
    expect(await read(id)).toMatchObject({ status: "revoked", fields: [], env_names: [], revoked_at: expect.any(String) });
    expect((await world.ok("GET", "/api/connections?limit=100")).connections.map((one: { id: string }) => one.id)).not.toContain(id);
    refused(await remove(id), 410, "deleted");
    refused(await change(id, { name: "again" }), 410, "deleted");
    expect((await world.call("DELETE", `/api/secrets/${secret_id}`)).status).toBe(204);
    const { events } = await world.ok("GET", "/api/audit?action=connection.deleted&limit=1");
    expect(events[0]).toMatchObject({ target: { id }, metadata: { recipe: "generic-env" } });
  });

  it("is told beforehand what will block, needs no unbinding, and makes what was planned with it stale", async () => {
    const [gone, kept] = [await made(cloudflare), await made(cloudflare)];
    const capsule = await bound(gone.id);
    const other = await bound(kept.id, { name: "other" });
    const capsules = [{ id: capsule.id, name: capsule.name, project_id: capsule.project_id }];
    expect((await read(gone.id)).used_by).toEqual({ count: 1, capsules });
    const [planned, elsewhere, unrelated] = [
      await plannedWith(capsule.id, gone.id),
      await plannedWith(other.id, kept.id),
      await plannedWith(capsule.id, kept.id),
    ];
    expect((await remove(gone.id)).status).toBe(204);
    expect(await Promise.all([planned, elsewhere, unrelated].map(world.statusOf))).toEqual(["stale", "planned", "planned"]);
    const { run } = await world.ok("GET", `/api/runs/${planned}`);
    expect(run.error).toMatchObject({ code: "STALE", message: expect.stringContaining("was deleted since the plan") });
    expect(run.provider_bindings).toEqual([binding(gone.id)]);
    const { capsule: still } = await world.ok("GET", `/api/capsules/${capsule.id}`);
    expect(still.provider_bindings[0].connection_id).toBe(gone.id);
    expect((await read(gone.id)).used_by.count).toBe(1);
    expect((await world.patch(capsule.id, { name: "renamed" })).provider_bindings[0].connection_id).toBe(gone.id);
  });

  it("rotated credentials leave plans as they are, other variables make them stale", async () => {
    const { id } = await made(cloudflare);
    const capsule = await bound(id);
    const planned = await plannedWith(capsule.id, id);
    await change(id, { values: { CLOUDFLARE_API_TOKEN: `${token}-rotated` } });
    expect(await world.statusOf(planned)).toBe("planned");
    await change(id, { values: { ...cloudflare.values, CLOUDFLARE_ACCOUNT_ID: "0".repeat(32) } });
    expect(await world.statusOf(planned)).toBe("stale");
  });
});

describe("a binding", () => {
  it("of a connection that is deleted, foreign or missing is 404 naming its place", async () => {
    const stranger = await world.stranger();
    const { connection: foreign } = await world.ok("POST", "/api/connections", { ...cloudflare, name: "theirs" }, stranger);
    const { id: deleted } = await made(cloudflare);
    await remove(deleted);
    const { id: good } = await made(cloudflare);
    const capsule = await bound(good);
    for (const connection_id of [foreign.id, deleted, "conn_none"]) {
      const provider_bindings = [
        { provider: "cloudflare/cloudflare", connection_id: good },
        { provider: "cloudflare/cloudflare", alias: "b", connection_id },
      ];
      const answer = await world.call("PATCH", `/api/capsules/${capsule.id}`, { body: { provider_bindings } });
      refused(answer, 404, undefined, "provider_bindings.1.connection_id: There is no such connection");
      expect(fieldPaths(answer)).toEqual(["provider_bindings.1.connection_id"]);
    }
    expect((await read(good)).used_by.count).toBe(1);
  });

  it("of a connection of another provider is 400, and a provider is bound once whatever it is called", async () => {
    const { id } = await made(cloudflare);
    const capsule = await bound(id);
    const patch = (provider_bindings: object[]) => world.call("PATCH", `/api/capsules/${capsule.id}`, { body: { provider_bindings } });
    const other = await patch([{ provider: "hashicorp/aws", connection_id: id }]);
    refused(other, 400, "invalid", "is a connection of registry.opentofu.org/cloudflare/cloudflare");
    const twice = await patch([
      { provider: "cloudflare/cloudflare", connection_id: id },
      { provider: "registry.terraform.io/cloudflare/cloudflare", connection_id: null },
    ]);
    refused(twice, 400, "invalid", "is bound twice");
    expect((await patch([{ provider: "registry.terraform.io/cloudflare/cloudflare", connection_id: id }])).status).toBe(200);
  });

  it("is let go with the binding, and with the Capsule", async () => {
    const { id } = await made(cloudflare);
    const [one, two] = [await bound(id), await bound(id, { name: "two" })];
    expect((await read(id)).used_by.count).toBe(2);
    await world.patch(one.id, { provider_bindings: [] });
    expect((await read(id)).used_by.capsules.map((capsule: { id: string }) => capsule.id)).toEqual([two.id]);
    await world.ok("DELETE", `/api/capsules/${two.id}`);
    expect((await read(id)).used_by).toEqual({ count: 0, capsules: [] });
  });

  it("names the first hundred Capsules that use it, and in a list three", async () => {
    const stranger = await world.stranger();
    const { connection } = await world.ok("POST", "/api/connections", { ...cloudflare, name: "busy" }, stranger);
    const { project } = await world.ok("POST", "/api/projects", { name: "many" }, stranger);
    const source = { kind: "inline", files: { "a.tf": "" } };
    const provider_bindings = [{ provider: "cloudflare/cloudflare", connection_id: connection.id }];
    const capsule = (i: number) => ({ project_id: project.id, name: `c-${i}`, source, provider_bindings });
    for (let i = 0; i < 5; i++) await world.ok("POST", "/api/capsules", capsule(i), stranger);
    const [listed] = (await world.ok("GET", "/api/connections", undefined, stranger)).connections;
    expect(listed.used_by).toMatchObject({ count: 5, capsules: [{ name: "c-0" }, { name: "c-1" }, { name: "c-2" }] });
    const { used_by } = (await world.ok("GET", `/api/connections/${connection.id}`, undefined, stranger)).connection;
    expect(used_by.capsules).toHaveLength(5);
  });
});

describe("who may", () => {
  it("read as a viewer, write as an admin; a stranger sees nothing", async () => {
    const { id, workspace_id } = await made(cloudflare);
    const [viewer, editor, admin] = [
      await world.member(workspace_id, "viewer"),
      await world.member(workspace_id, "editor"),
      await world.member(workspace_id, "admin"),
    ];
    expect((await viewer("GET", `/api/connections/${id}`)).status).toBe(200);
    for (const low of [viewer, editor]) {
      expect((await low("PATCH", `/api/connections/${id}`, { body: { name: "n" } })).status).toBe(403);
      expect((await low("DELETE", `/api/connections/${id}`)).status).toBe(403);
      expect((await low("POST", "/api/connections", { body: { workspace_id, name: "n", ...cloudflare } })).status).toBe(403);
    }
    const stranger = await world.stranger();
    for (const method of ["GET", "DELETE"]) expect((await stranger(method, `/api/connections/${id}`)).status).toBe(404);
    expect((await admin("DELETE", `/api/connections/${id}`)).status).toBe(204);
  });
});

describe("recipes", () => {
  it("say all that a form needs, and who is served", async () => {
    const { recipes } = await world.ok("GET", "/recipes");
    expect(recipes.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(["aws", "cloudflare", "generic-env"]));
    const { recipe } = await world.ok("GET", "/api/recipes/aws");
    expect(recipe).toMatchObject({ providers: expect.arrayContaining(["registry.opentofu.org/hashicorp/aws"]) });
    const keys = recipe.modes.find(({ id }: { id: string }) => id === "static_keys");
    expect(keys).toMatchObject({ aliases: true, exchanged: false, user_defined: false });
    expect(keys.env_names).toEqual(["AWS_ACCESS_KEY_ID", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]);
    expect(keys.fields[0]).toMatchObject({
      name: "AWS_ACCESS_KEY_ID",
      required: true,
      pattern: expect.any(String),
      example: expect.any(String),
    });
    expect(recipe.modes.find(({ id }: { id: string }) => id === "assume_role")).toMatchObject({ exchanged: true });
    const served = async (provider: string) =>
      (await world.ok("GET", `/api/recipes?provider=${provider}`)).recipes.map(({ id }: { id: string }) => id);
    expect(await served("registry.terraform.io/hashicorp/aws")).toEqual(["aws", "s3-compatible", "generic-env"]);
    expect(await served("acme/any")).toEqual(["generic-env"]);
    refused(await world.call("GET", "/api/recipes/no-such"), 404, undefined, "is not a recipe");
  });
});
