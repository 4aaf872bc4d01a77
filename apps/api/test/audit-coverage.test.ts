import { placeholders } from "@takosumi/contracts/input";
import { browserOf } from "@takosumi/testkit/browser";
import type { Answer } from "@takosumi/testkit/call";
import { watchMutations } from "@takosumi/testkit/mutations";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DeployWorld } from "./deploy.ts";
import { type Listed, publicOperations } from "./operations.ts";
import { bodies, type Holdings, holdings, imported, registered, uploaded } from "./samples.ts";

let world: DeployWorld;
let watched: Awaited<ReturnType<typeof watchMutations>>;
beforeAll(async () => {
  world = await DeployWorld.start();
  watched = await watchMutations(world.api.database);
});
afterAll(() => world.close());

const agent = "a test of the audit/1.0";
const writes = publicOperations.filter(({ operation }) => operation.spec.audit && !operation.spec.audit.startsWith("none:"));
const setStatus = (id: string, status: string) => world.db.prisma.runs.update({ where: { id }, data: { status } });

/** What must be so before an operation succeeds. */
const before: Readonly<Record<string, (held: Holdings) => Promise<unknown>>> = {
  "capsules.unlock": ({ capsule }) => world.ok("POST", `/api/capsules/${capsule}/lock`, { reason: "first" }),
  "capsules.remove": ({ run }) => world.ok("POST", `/api/runs/${run}/cancel`, {}),
  "runs.approve": ({ run }) => setStatus(run, "planned"),
  "runs.discard": ({ run }) => setStatus(run, "planned"),
  "authServer.submitSetup": () => world.db.prisma.users.updateMany({ data: { setup_completed_at: null } }),
  "runs.retry": ({ run }) => setStatus(run, "failed"),
};
/** They sign in or out, which is recorded of whoever that is: shown there. */
const signingIn = [
  "auth.reset",
  "authServer.callback",
  "authServer.linkCallback",
  "authServer.cliCallback",
  "authServer.externalSession",
  "authPages.submitInvite",
  "authPages.submitReset",

  "auth.logout",
  "auth.code",
  "auth.password",
  "authServer.submitPassword",
  "authServer.submitCode",
  "authServer.submitLogout",
];
/** They need an app, a consent or a token of a registration: shown with those. */
const ofApps = ["oauthServer.register", "oauthServer.replaceClient", "oauthServer.removeClient", "oauthAccess.revoke"];
/** Of a space with several people; shown there. */
const together = [
  "spaces.remove",
  "spaces.leave",
  "spaces.transfer",
  "spaceMembers.create",
  "invitations.accept",
  "invitations.decline",
  "commonEnv.remove",
  "shortcutGroups.removeItem",
];
/** Shown elsewhere, with a Run that a real machine lost; and a Project that is empty. */
const elsewhere = ["runs.recover", "projects.remove", "capsules.remove", ...signingIn, ...ofApps, ...together];

async function call({ id, operation }: Listed, held: Holdings): Promise<Answer> {
  const at = new Map(operation.spec.access.at.flatMap((one) => Object.entries(one).map(([entity, input]) => [input as string, entity])));
  let path = operation.path;
  for (const name of placeholders(path)) path = path.replace(`:${name}`, held[at.get(name) as keyof Holdings] ?? "x");
  const headers = { "user-agent": agent };
  if (id === "state.create") return world.call("POST", path, { raw: "", headers });
  const body = bodies[id]?.(held);
  const as = operation.spec.access.by === "session" ? (await browserOf(world.api.url, world.api.token)).call : world.call;
  return as(operation.method, path, { headers, ...(body && { body }) });
}

describe("every change that somebody makes", () => {
  it.each(writes.filter(({ id, operation: { kind } }) => kind !== "upload" && !elsewhere.includes(id)))(
    "$id: is recorded with who, from where, and what it was about",
    async (listed) => {
      // A space holds 50 of them.
      await world.db.prisma.webhooks.deleteMany();
      const held = await holdings(world.call);
      await before[listed.id]?.(held);
      const answer = await call(listed, held);
      expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(listed.operation.kind === "protocol" ? 400 : 300);
      const request_id = answer.headers.get("x-request-id") ?? "";
      const rows = await world.db.prisma.audit_events.findMany({ where: { request_id } });
      expect(rows).toHaveLength(1);
      const [event] = rows;
      expect(event).toMatchObject({ address: "127.0.0.1", user_agent: agent, actor: { kind: "user", name: expect.any(String) } });
      const removes = listed.operation.method === "DELETE";
      if (listed.operation.kind === "json" && !removes) expect(event?.after_digest).toMatch(/^sha256:/);
      if (removes && listed.operation.spec.access.at.length > 0)
        expect(event).toMatchObject({ before_digest: expect.stringMatching(/^sha256:/), after_digest: null });
    },
  );

  it("is recorded in the transaction that makes it, whichever table it touches", async () => {
    await world.db.prisma.webhooks.deleteMany();
    const held = await holdings(world.call);
    await imported(world.call, (await world.capsule()).id);
    await uploaded(world.call);
    await registered(world.call, held.runner_pool);
    const planned = await world.planned(held.capsule);
    // A change that makes Runs stale records each of them.
    await world.patch(held.capsule, { variables: [{ name: "a", value: "b", kind: "tofu" }] });
    expect(await world.statusOf(planned)).toBe("stale");
    const { events } = await world.ok("GET", `/audit?run_id=${planned}&action=run.stale`);
    expect(events).toHaveLength(1);
    const touched = await watched.changed();
    for (const table of ["projects", "capsules", "secrets", "runs", "state_versions", "runner_tokens", "runners"])
      expect(touched).toContain(table);
    expect(await watched.unaudited()).toEqual([]);
  });

  it("tells a change by what was before and after, and says nothing of a secret", async () => {
    const secret = await world.secret(`S_${Date.now()}`, "a-secret-of-the-audit");
    await world.ok("PUT", `/api/secrets/${secret.id}`, { value: "another-secret-of-the-audit" });
    const { events } = await world.ok("GET", "/audit?limit=100");
    const about = events.filter(({ target }: { target: { id: string } }) => target.id === secret.id);
    expect(about.map(({ action }: { action: string }) => action)).toEqual(["secret.replaced", "secret.created"]);
    const [replaced, created] = about;
    expect(created).toMatchObject({ before_digest: null });
    expect(replaced.before_digest).toBe(created.after_digest);
    expect(replaced.after_digest).not.toBe(created.after_digest);
    expect(JSON.stringify(events)).not.toMatch(/secret-of-the-audit/);
  });

  it("a refusal is recorded with who and from where as well", async () => {
    const project = await world.project();
    const viewer = await world.member(project.workspace_id, "viewer");
    await viewer("POST", "/api/secrets", {
      body: { workspace_id: project.workspace_id, name: "N", value: "v" },
      headers: { "user-agent": agent },
    });
    const [event] = (await world.ok("GET", "/audit?action=access.denied")).events;
    expect(event).toMatchObject({ target: { id: "secrets.create" }, user_agent: agent, address: "127.0.0.1" });
  });
});

it("the head of a chain is kept outside the database, where whoever rewrites the chain does not reach", async () => {
  await world.project();
  const verified = () => world.ok("GET", "/audit/verify");
  let seen = await verified();
  while (seen.anchored?.sequence !== seen.checked) {
    expect(seen.ok).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen = await verified();
  }
  // Everything about this Workspace is gone, as if it had never been.
  const { workspace_id } = await world.project();
  await world.db.prisma.audit_events.deleteMany({ where: { chain_id: workspace_id } });
  await world.db.prisma.audit_chains.deleteMany({ where: { id: workspace_id } });
  expect(await verified()).toMatchObject({ ok: false, first_broken: { sequence: 1 } });
});
