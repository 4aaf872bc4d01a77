import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, fieldPaths, module, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

const secretValue = "correct-horse-battery";

describe("making a Capsule", () => {
  it("answers what it is, and the same bytes are one snapshot", async () => {
    const capsule = await world.capsule({ module_path: ".", tool: { name: "opentofu", version: "1.12.6" }, policy: { timeout: "1h" } });
    expect(capsule).toMatchObject({
      status: "pending",
      source: { kind: "inline", digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), paths: ["main.tf"] },
      tool: { name: "opentofu", version: "1.12.6" },
      state_tool: null,
      config_revision: 1,
      lock: null,
      policy: { timeout: "1h" },
    });
    expect((await world.ok("GET", `/api/capsules/${capsule.id}`)).capsule).toEqual(capsule);
    const twin = await world.capsule();
    const rows = await world.db.prisma.capsules.findMany({ where: { id: { in: [capsule.id, twin.id] } } });
    expect(new Set(rows.map(({ source_snapshot_id }) => source_snapshot_id)).size).toBe(1);
  });

  it("refuses a name that is taken in the Project, also of several at once", async () => {
    const { id: project_id } = await world.project();
    const body = { project_id, name: "one", source: module };
    const answers = await Promise.all(Array.from({ length: 4 }, () => world.call("POST", "/api/capsules", { body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    const loser = answers.find(({ status }) => status === 409);
    if (loser) refused(loser, 409, "name_taken", "one");
    await world.capsule({ name: "one" });
  });

  it("never shows a sensitive value, nor a sealed one, anywhere", async () => {
    const secret = await world.secret("TOKEN", secretValue);
    const capsule = await world.capsule({
      variables: [
        { name: "region", kind: "tofu", value: { a: [1, null, "x"] } },
        { name: "password", kind: "tofu", value: secretValue, sensitive: true },
        { name: "TOKEN", kind: "env", secret_id: secret.id, sensitive: false },
      ],
    });
    expect(capsule.variables).toEqual([
      { name: "region", kind: "tofu", value: { a: [1, null, "x"] }, secret_id: null, sensitive: false },
      { name: "password", kind: "tofu", value: null, secret_id: null, sensitive: true },
      { name: "TOKEN", kind: "env", value: null, secret_id: secret.id, sensitive: true },
    ]);
    const rows = await world.db.prisma.capsules.findUniqueOrThrow({ where: { id: capsule.id } });
    expect(JSON.stringify(rows)).not.toContain(secretValue);
    const said = JSON.stringify([
      await world.ok("GET", "/api/capsules"),
      await world.ok("GET", `/api/audit?capsule_id=${capsule.id}`),
      await world.ok("GET", "/api/secrets"),
    ]);
    expect(said).not.toMatch(/correct-horse|tk1\.|sealed/);
  });

  it("says missing and foreign nested ids alike, naming the field", async () => {
    const project = await world.project();
    const foreign = await world.secret("FOREIGN", "x", await world.stranger());
    const post = (more: object) =>
      world.call("POST", "/api/capsules", { body: { project_id: project.id, name: "n", source: module, ...more } });
    const variable = (secret_id: string) =>
      post({
        variables: [
          { name: "a", kind: "tofu", value: 1 },
          { name: "b", kind: "tofu", secret_id },
        ],
      });
    const [missing, theirs] = [await variable("sec_none"), await variable(foreign.id)];
    expect([missing.status, theirs.status]).toEqual([404, 404]);
    expect(fieldPaths(missing)).toEqual(["variables.1.secret_id"]);
    expect(theirs.body).toEqual(missing.body);
    const bound = await post({ provider_bindings: [{ provider: "hashicorp/aws", connection_id: "conn_1" }] });
    expect(bound.status).toBe(404);
    expect(fieldPaths(bound)).toEqual(["provider_bindings.0.connection_id"]);
    const twice = await post({
      provider_bindings: [
        { provider: "hashicorp/aws", connection_id: null },
        { provider: "Hashicorp/aws", connection_id: null },
      ],
    });
    expect([twice.status, fieldPaths(twice)]).toEqual([400, ["provider_bindings.1.provider"]]);
    expect((await world.ok("GET", `/api/capsules?project_id=${project.id}`)).capsules).toEqual([]);
  });

  it("refuses paths that leave the tree", async () => {
    const { id: project_id } = await world.project();
    for (const path of ["../x.tf", "/etc/x.tf", "a/../../x.tf", "a//b.tf", ".terraform/x", "a\\b.tf"]) {
      const answer = await world.call("POST", "/api/capsules", {
        body: { project_id, name: "n", source: { kind: "inline", files: { [path]: "" } } },
      });
      expect(answer.status, path).toBe(400);
    }
    expect(
      (await world.call("POST", "/api/capsules", { body: { project_id, name: "n", source: module, module_path: "../up" } })).status,
    ).toBe(400);
  });
});

describe("changing a Capsule", () => {
  const changes: [string, object][] = [
    ["source", { source: { kind: "inline", files: { "main.tf": "# other\n" } } }],
    ["module_path", { module_path: "sub" }],
    ["tool", { tool: { name: "terraform" } }],
    ["variables", { variables: [{ name: "a", kind: "tofu", value: 2 }] }],
    ["a sensitive value", { variables: [{ name: "a", kind: "tofu", value: 2, sensitive: true }] }],
    ["provider_bindings", { provider_bindings: [{ provider: "hashicorp/aws", connection_id: null }] }],
    ["policy", { policy: { timeout: "5m" } }],
  ];
  it.each(changes)("of %s raises the revision once and makes plans stale; again changes nothing", async (_, change) => {
    const capsule = await world.capsule();
    const before = await world.planned(capsule.id);
    expect((await world.patch(capsule.id, change)).config_revision).toBe(2);
    expect(await world.statusOf(before)).toBe("stale");
    const after = await world.planned(capsule.id);
    const again = await world.patch(capsule.id, change);
    expect(again.config_revision).toBe(2);
    expect(await world.statusOf(after)).toBe("planned");
  });

  it("of its name alone leaves plans as they are", async () => {
    const capsule = await world.capsule();
    const plan = await world.planned(capsule.id);
    expect(await world.patch(capsule.id, { name: "renamed" })).toMatchObject({ name: "renamed", config_revision: 1 });
    expect(await world.statusOf(plan)).toBe("planned");
  });

  it("replaces variables and bindings whole, and lets a Secret go that it does not use any more", async () => {
    const [one, two] = [await world.secret("ONE"), await world.secret("TWO")];
    const of = (secret_id: string) => ({ variables: [{ name: "v", kind: "tofu", secret_id }] });
    const capsule = await world.capsule(of(one.id));
    refused(await world.call("DELETE", `/api/secrets/${one.id}`), 409, "in_use", "web");
    await world.patch(capsule.id, of(two.id));
    expect((await world.call("DELETE", `/api/secrets/${one.id}`)).status).toBe(204);
    await world.patch(capsule.id, { name: "kept" });
    refused(await world.call("DELETE", `/api/secrets/${two.id}`), 409, "in_use");
    expect((await world.patch(capsule.id, { variables: [] })).variables).toEqual([]);
    expect((await world.call("DELETE", `/api/secrets/${two.id}`)).status).toBe(204);
  });

  it("refuses an empty one, unknown keys, a taken name and null where there is no nothing", async () => {
    const { id: project_id } = await world.project();
    const capsule = await world.capsule({ project_id });
    await world.capsule({ project_id, name: "other" });
    const patch = (body: object) => world.call("PATCH", `/api/capsules/${capsule.id}`, { body });
    refused(await patch({}), 400, "invalid", "provider_bindings");
    const unknown = await patch({ nmae: "x" });
    expect([unknown.status, fieldPaths(unknown)]).toEqual([400, ["nmae"]]);
    refused(await patch({ name: "other" }), 409, "name_taken", "other");
    expect((await patch({ source: null })).status).toBe(400);
    expect((await patch({ project_id: "prj_1" })).status).toBe(400);
    expect((await world.ok("GET", `/api/capsules/${capsule.id}`)).capsule).toEqual(capsule);
  });

  it("keeps to a tool that can read the state", async () => {
    const capsule = await world.capsule();
    await world.db.prisma.capsules.update({
      where: { id: capsule.id },
      data: { state_tool_name: "opentofu", state_tool_version: "1.12.6" },
    });
    const patch = (tool: object | null) => world.call("PATCH", `/api/capsules/${capsule.id}`, { body: { tool } });
    refused(await patch({ name: "opentofu", version: "1.9.4" }), 409, "tool_pinned", "1.12.6");
    expect((await patch({ name: "opentofu", version: "1.12.10" })).status).toBe(200);
    expect((await patch({ name: "terraform" })).status).toBe(200);
    expect((await patch(null)).body.capsule.tool).toBe(null);
  });

  it("of several at once loses none: each raises the revision by one", async () => {
    const capsule = await world.capsule();
    const answers = await Promise.all(
      [1, 2, 3, 4].map((value) =>
        world.call("PATCH", `/api/capsules/${capsule.id}`, { body: { variables: [{ name: "v", kind: "tofu", value }] } }),
      ),
    );
    expect(answers.map(({ body }) => body.capsule.config_revision).sort()).toEqual([2, 3, 4, 5]);
  });
});

describe("lists", () => {
  it("page by Project and by Workspace, with a status", async () => {
    const { id: project_id } = await world.project();
    for (const name of ["a", "b", "c"]) await world.capsule({ project_id, name });
    const names = async (query: string) => {
      const seen: string[] = [];
      for (let cursor = ""; ; ) {
        const page = await world.ok("GET", `/api/capsules?${query}&limit=2${cursor}`);
        seen.push(...page.capsules.map(({ name }: { name: string }) => name));
        if (page.next_cursor === null) return seen;
        cursor = `&cursor=${page.next_cursor}`;
      }
    };
    expect(await names(`project_id=${project_id}`)).toEqual(["a", "b", "c"]);
    expect(await names(`project_id=${project_id}&status=active`)).toEqual([]);
    expect((await names("workspace_id=me")).slice(-3)).toEqual(["a", "b", "c"]);
    refused(await world.call("GET", `/api/capsules?project_id=${project_id}&cursor=nonsense`), 400, "bad_cursor", "cursor");
  });
});
