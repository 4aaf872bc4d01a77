import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, fieldPaths, refused } from "./deploy.ts";

const url = "https://git.example.com/org/repo.git";
let world: DeployWorld;
let project_id: string;
beforeAll(async () => {
  world = await DeployWorld.start();
  project_id = (await world.project()).id;
});
afterAll(() => world.close());

const post = (name: string, source: object, more: object = {}) =>
  world.call("POST", "/api/capsules", { body: { project_id, name, source: { kind: "git", ...source }, ...more } });

describe("a Capsule whose source is in git", () => {
  it("shows where from, its Secret by id, and no commit until one was fetched", async () => {
    const secret = await world.secret("GIT", "a-value-that-nobody-sees");
    const capsule = await world.capsule({
      project_id,
      name: "shown",
      source: { kind: "git", url: "https://GIT.example.com:443/org/repo.git", path: "live", secret_id: secret.id },
    });
    expect(capsule.source).toEqual({
      kind: "git",
      url,
      ref: null,
      path: "live",
      secret_id: secret.id,
      known_hosts: [],
      commit: null,
      digest: null,
      size_bytes: null,
    });
    const run = await world.plan(capsule.id);
    expect(run).toMatchObject({ source_snapshot: null, git: { url, ref: null, path: "live" } });
    expect(JSON.stringify([capsule, run])).not.toContain("a-value-that-nobody-sees");
    refused(await world.call("DELETE", `/api/secrets/${secret.id}`), 409, "in_use", "shown");
    await world.db.prisma.runs.update({ where: { id: run.id }, data: { status: "cancelled" } });
    expect((await world.patch(capsule.id, { source: { kind: "git", url } })).source.secret_id).toBeNull();
    expect((await world.call("DELETE", `/api/secrets/${secret.id}`)).status).toBe(204);
  });

  it("given again as it is, is no new configuration; another ref is one", async () => {
    const capsule = await world.capsule({ project_id, name: "again", source: { kind: "git", url, ref: "main" } });
    const same = await world.patch(capsule.id, { source: { kind: "git", url, ref: "main", path: "" } });
    expect(same).toMatchObject({ config_revision: capsule.config_revision + 1, source: { path: "." } });
    const planned = await world.planned(capsule.id);
    expect((await world.patch(capsule.id, { source: { kind: "git", url, ref: "main", path: "." } })).config_revision).toBe(
      same.config_revision,
    );
    expect((await world.patch(capsule.id, { source: { kind: "git", url, ref: "v2", path: "." } })).config_revision).toBe(
      same.config_revision + 1,
    );
    expect(await world.statusOf(planned)).toBe("stale");
  });

  it.each<[string, object, string]>([
    ["a password in the URL", { url: "https://user:hunter2-hunter2@git.example.com/a.git" }, "source.url"],
    ["a token in the URL", { url: "https://ghp_0123456789@github.com/a/b.git" }, "source.url"],
    ["another protocol", { url: "ext::sh -c id" }, "source.url"],
    ["an option for a host", { url: "ssh://-oProxyCommand=id/a" }, "source.url"],
    ["no URL", { url: "" }, "source.url"],
    ["an option for a ref", { url, ref: "--upload-pack=id" }, "source.ref"],
    ["a path that leaves", { url, path: "../.." }, "source.path"],
    ["an unknown key", { url, password: "hunter2-hunter2" }, "source.password"],
    ["a pin that is none", { url: "git@git.example.com:a", known_hosts: ["nonsense"] }, "source.known_hosts.0"],
  ])("%s is refused by its field, and not repeated", async (_, source, path) => {
    const answer = await post("wrong", source);
    refused(answer, 400, "invalid");
    expect(fieldPaths(answer)).toEqual([path]);
    expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|ghp_/);
  });

  it("names Secrets of its own Workspace alone, in every place", async () => {
    const stranger = await world.stranger();
    const foreign = (await world.secret("THEIRS", "their-value", stranger)).id;
    const modules = [{ host: "git.example.com", kind: "git", secret_id: foreign }];
    for (const [answer, path] of [
      [await post("foreign", { url, secret_id: foreign }), "source.secret_id"],
      [await post("foreign", { url }, { module_credentials: modules }), "module_credentials.0.secret_id"],
    ] as const) {
      expect(answer.status).toBe(404);
      expect(fieldPaths(answer)).toEqual([path]);
    }
    const twice = await post("twice", { url }, { module_credentials: [modules[0], { ...modules[0], host: "GIT.example.com" }] });
    refused(twice, 400, "invalid", "already");
  });

  it("keeps the Secrets of its modules, and lets them go when they are taken away", async () => {
    const { id: secret_id } = await world.secret("MODULES", "a-value-for-modules");
    const modules = [{ host: "Git.Example.com", kind: "git", secret_id }];
    const capsule = await world.capsule({ project_id, name: "modules", source: { kind: "git", url }, module_credentials: modules });
    expect(capsule.module_credentials).toEqual([{ host: "git.example.com", kind: "git", secret_id, known_hosts: [] }]);
    expect((await world.plan(capsule.id)).module_credentials).toEqual([{ host: "git.example.com", kind: "git" }]);
    refused(await world.call("DELETE", `/api/secrets/${secret_id}`), 409, "in_use", "modules");
    expect((await world.patch(capsule.id, { module_credentials: [] })).config_revision).toBe(capsule.config_revision + 1);
    expect((await world.call("DELETE", `/api/secrets/${secret_id}`)).status).toBe(204);
  });
});
