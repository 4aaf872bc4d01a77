import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld, fieldPaths, module, refused } from "./deploy.ts";

let world: DeployWorld;
beforeAll(async () => {
  world = await DeployWorld.start();
});
afterAll(() => world.close());

describe("projects", () => {
  it("take their slug from the name, and the next free one after it", async () => {
    const slugs = [];
    for (let i = 0; i < 3; i++) slugs.push((await world.project({ name: "Größe & Maß" })).slug);
    expect(slugs).toEqual(["grosse-mass", "grosse-mass-2", "grosse-mass-3"]);
    expect((await world.project({ name: "決済" })).slug).toBe("project");
  });

  it("made at once with the same name all get a slug", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => world.project({ name: "same time" })));
    expect(new Set(made.map(({ slug }) => slug)).size).toBe(20);
  });

  it("refuse a given slug that is taken, in create and change", async () => {
    await world.project({ name: "x", slug: "taken" });
    const other = await world.project({ name: "y" });
    refused(await world.call("POST", "/api/projects", { body: { name: "z", slug: "taken" } }), 409, "name_taken", "taken");
    refused(await world.call("PATCH", `/api/projects/${other.id}`, { body: { slug: "taken" } }), 409, "name_taken", "taken");
    expect((await world.ok("GET", `/api/projects/${other.id}`)).project).toEqual(other);
  });

  it("refuse a change that says nothing", async () => {
    const { id } = await world.project();
    refused(await world.call("PATCH", `/api/projects/${id}`, { body: {} }), 400, "invalid", "description");
  });

  it("are deleted when empty, are 404 then, and free their slug", async () => {
    const project = await world.project({ name: "gone", slug: "gone" });
    const capsule = await world.capsule({ project_id: project.id });
    refused(await world.call("DELETE", `/api/projects/${project.id}`), 409, "not_empty", "1 Capsule, web");
    await world.ok("DELETE", `/api/capsules/${capsule.id}`);
    expect((await world.call("DELETE", `/api/projects/${project.id}`)).status).toBe(204);
    expect((await world.call("GET", `/api/projects/${project.id}`)).status).toBe(404);
    const late = await world.call("POST", "/api/capsules", { body: { project_id: project.id, name: "late", source: module } });
    expect([late.status, fieldPaths(late)]).toEqual([404, ["project_id"]]);
    expect((await world.project({ name: "again", slug: "gone" })).slug).toBe("gone");
  });

  it("make plans stale whose policy they change, and no others", async () => {
    const project = await world.project({ policy: { timeout: "1h" } });
    const touched = await world.capsule({ project_id: project.id, name: "touched" });
    const own = await world.capsule({ project_id: project.id, name: "own", policy: { timeout: "10m" } });
    const [plan, other] = [await world.planned(touched.id), await world.planned(own.id)];
    await world.ok("PATCH", `/api/projects/${project.id}`, { name: "new name" });
    expect(await world.statusOf(plan)).toBe("planned");
    await world.ok("PATCH", `/api/projects/${project.id}`, { policy: { timeout: "30m" } });
    expect([await world.statusOf(plan), await world.statusOf(other)]).toEqual(["stale", "planned"]);
    const revision = async (id: string) => (await world.ok("GET", `/api/capsules/${id}`)).capsule.config_revision;
    expect([await revision(touched.id), await revision(own.id)]).toEqual([2, 1]);
  });

  it("list pages, each Project once, none of a stranger", async () => {
    const seen: string[] = [];
    let query = "?limit=3";
    for (;;) {
      const { projects, next_cursor } = await world.ok("GET", `/api/projects${query}`);
      seen.push(...projects.map(({ id }: { id: string }) => id));
      if (next_cursor === null) break;
      query = `?limit=3&cursor=${next_cursor}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThan(6);
    const stranger = await world.stranger();
    expect((await world.ok("GET", "/api/projects", undefined, stranger)).projects).toEqual([]);
    expect((await stranger("GET", `/api/projects/${seen[0]}`)).body).toEqual((await stranger("GET", "/api/projects/prj_none")).body);
  });
});
