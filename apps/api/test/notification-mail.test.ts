import { newId } from "@takosumi/contracts/ids";
import { tell } from "@takosumi/db/notifications";
import { createActor, createMember, createToken } from "@takosumi/testkit/actors";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import { ProtocolRunner, taken } from "@takosumi/testkit/held-run";
import { type MailServer, startMailServer } from "@takosumi/testkit/mail-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tellExpiring } from "../src/notifications/expiring/service.ts";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
let replica: TestApi;
let server: MailServer;
beforeAll(async () => {
  server = await startMailServer();
  const env = { TAKOSUMI_SMTP_URL: `smtp://127.0.0.1:${server.port}`, TAKOSUMI_MAIL_FROM: "ops@example.test" };
  world = await DeployWorld.start(env);
  replica = await startApi({ replicaOf: world.api, env });
});
afterAll(async () => {
  await replica?.close();
  await world?.close();
  await server?.close();
});

let people = 0;
/** Somebody with an address. */
async function mailed(data: { email?: string; email_verified_at?: Date | null } = {}) {
  const actor = await createActor(world.db);
  const email = `p${++people}@example.test`;
  await world.db.prisma.users.update({ where: { id: actor.user_id }, data: { email, email_verified_at: new Date(), ...data } });
  return { ...actor, email, call: caller(world.api.url, actor.token) };
}
const inform = (user_id: string, type: string, more: object = {}) =>
  world.db.transaction((tx) =>
    tell(tx, [
      {
        id: newId("ntf_"),
        user_id,
        workspace_id: null,
        run_id: null,
        type,
        subject: newId("evt_"),
        title: type,
        body: null,
        data: {},
        ...more,
      },
    ]),
  );
/** Everything that may become a mail has become one or will not, and what was queued is sent. */
async function settled(): Promise<void> {
  const left = async () =>
    (await world.db.prisma.notifications.count({ where: { mail_due: true } })) +
    (await world.db.prisma.mail_outbox.count({ where: { state: "waiting" } }));
  await expect.poll(left, { timeout: 10_000 }).toBe(0);
}
const to = (address: string) => server.received.filter(({ to: receivers }) => receivers.includes(address));

it("a Run's end is mailed to whom it concerns, once, with a link to the Run", async () => {
  const project = await world.project();
  const author = await mailed();
  await world.db.prisma.members.create({ data: { workspace_id: project.workspace_id, user_id: author.user_id, role: "editor" } });
  const runner = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  const capsule = await world.capsule({ project_id: project.id });
  await world.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule.id }, author.call);
  const held = await runner.claimed(20);
  taken(await held.fail());
  await settled();
  const [mail, ...more] = to(author.email);
  expect(more).toEqual([]);
  expect(mail?.raw).toContain("Subject: The plan of web failed");
  expect(mail?.raw.replaceAll("=\n", "")).toMatch(new RegExp(`^http://\\S+/console/runs/${held.lease.run_id}$`, "m"));
  expect(mail?.raw).toContain("a test says so");
});

it("goes by each person's preference, and nowhere but to an address that is proven to be theirs", async () => {
  const [plain, chosen, off, unproven, nowhere, muted] = await Promise.all([
    mailed(),
    mailed(),
    mailed(),
    mailed({ email_verified_at: null }),
    createActor(world.db),
    mailed(),
  ]);
  const prefer = (who: typeof plain, type: string, enabled: boolean) =>
    world.ok("PATCH", "/api/notifications/preferences", { updates: [{ type, channel: "email", enabled }] }, who.call);
  await prefer(chosen, "run.completed", true);
  await prefer(off, "run.failed", false);
  const muted_until = new Date(Date.now() + 3_600_000).toISOString();
  await world.ok("PATCH", "/api/notifications/settings", { muted_until }, muted.call);
  for (const { user_id } of [plain, chosen, off, unproven, nowhere, muted])
    for (const type of ["run.failed", "run.completed"]) await inform(user_id, type);
  await inform(plain.user_id, "workspace.invite", { mailed: true });
  await settled();
  const subjects = (address: string) => to(address).map(({ raw }) => /^Subject: (.*)$/m.exec(raw)?.[1]);
  expect(subjects(plain.email)).toEqual(["run.failed"]);
  expect(subjects(chosen.email).toSorted()).toEqual(["run.completed", "run.failed"]);
  for (const { email } of [off, unproven, muted]) expect(subjects(email)).toEqual([]);
  expect((await world.ok("GET", "/api/notifications", undefined, muted.call)).notifications).toHaveLength(2);
});

it("many notifications at once make one mail each, on two replicas", async () => {
  const who = await mailed();
  await Promise.all(Array.from({ length: 30 }, () => inform(who.user_id, "run.failed")));
  await settled();
  expect(to(who.email)).toHaveLength(30);
  expect(new Set(to(who.email).map(({ raw }) => /^Message-ID: (.*)$/m.exec(raw)?.[1])).size).toBe(30);
});

it("the owner of a token is told a week and a day before it ends, once each", async () => {
  const who = await mailed();
  const hours = (count: number) => new Date(Date.now() + count * 3_600_000);
  const make = async (name: string, options: Parameters<typeof createToken>[2], created = hours(-24 * 90)) => {
    await createToken(world.db, who.user_id, options);
    const { id } = await world.db.prisma.personal_access_tokens.findFirstOrThrow({
      where: { user_id: who.user_id, name: "test" },
      orderBy: { id: "desc" },
    });
    await world.db.prisma.personal_access_tokens.update({ where: { id }, data: { name, created_at: created } });
    return id;
  };
  await world.db.prisma.personal_access_tokens.updateMany({ where: { user_id: who.user_id }, data: { name: "its own" } });
  await make("in six days", { expires_at: hours(24 * 6) });
  const soon = await make("in hours", { expires_at: hours(12) });
  await make("later", { expires_at: hours(24 * 8) });
  await make("revoked", { expires_at: hours(12), revoked_at: new Date() });
  await make("over", { expires_at: hours(-1) });
  await make("made for an hour", { expires_at: hours(1) }, new Date());
  await Promise.all([tellExpiring(world.db), tellExpiring(world.db)]);
  const titles = async () =>
    (await world.ok("GET", "/api/notifications?type=token.expiring", undefined, who.call)).notifications.map(
      ({ title }: { title: string }) => title,
    );
  expect((await titles()).toSorted()).toEqual(["The token in hours ends within a day", "The token in six days ends within a week"]);
  await world.db.prisma.personal_access_tokens.updateMany({ where: { name: "in six days" }, data: { expires_at: hours(20) } });
  await tellExpiring(world.db);
  expect((await titles()).filter((title: string) => title === "The token in six days ends within a day")).toHaveLength(1);
  await settled();
  expect(to(who.email)).toHaveLength(3);
  expect(JSON.stringify(to(who.email))).not.toContain(soon);
});

it("a viewer of a Workspace is mailed nothing of its Runs", async () => {
  const project = await world.project();
  const viewer = await createMember(world.db, project.workspace_id, "viewer");
  await world.db.prisma.users.update({
    where: { id: viewer.user_id },
    data: { email: "viewer@example.test", email_verified_at: new Date() },
  });
  const runner = await ProtocolRunner.open(world.api.url, world.api.runnerToken);
  const capsule = await world.capsule({ project_id: project.id, name: "other" });
  await world.plan(capsule.id);
  taken(await (await runner.claimed(20)).planned({ summary: { add: 1 } }));
  await settled();
  expect(to("viewer@example.test")).toEqual([]);
});
