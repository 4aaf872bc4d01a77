import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { dataKeyStore } from "@takosumi/db/data-keys";
import { statement } from "@takosumi/db/sql";
import { openKeyring } from "@takosumi/keyring/envelope";
import { localMasterKey } from "@takosumi/keyring/master-key";
import { parseMasterKey } from "@takosumi/keyring/master-key-text";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { type MailServer, startMailServer } from "@takosumi/testkit/mail-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Mail, sealMail } from "../src/mail/message.ts";
import { queueMail } from "../src/mail/repository.ts";

let server: MailServer;
let api: TestApi;
let outboxOnly: TestApi;
beforeAll(async () => {
  server = await startMailServer();
  [api, outboxOnly] = await Promise.all([startApi({ env: smtp(server.port) }), startApi()]);
});
afterAll(async () => {
  await Promise.all([api.close(), outboxOnly.close()]);
  await server.close();
});
const smtp = (port: number) => ({ TAKOSUMI_SMTP_URL: `smtp://127.0.0.1:${port}`, TAKOSUMI_MAIL_FROM: "Takosumi <ops@example.test>" });

const link = "https://example.test/reset#code=hunter2-hunter2";
const mail = (to: string): Mail => ({ to, subject: "パスワード", text: `Open ${link}\n` });

/** Queues a mail as any transaction of the API does. */
async function queue({ database: { db }, dataDir }: TestApi, given: Mail, expires?: Date): Promise<string> {
  const masterKeys = [localMasterKey(parseMasterKey(await readFile(join(dataDir, "master.key"), "utf8")))];
  const sealed = await sealMail({ keyring: openKeyring({ masterKeys, store: dataKeyStore(db) }) }, "test", given, expires);
  await db.transaction((tx) => queueMail(tx, sealed));
  return sealed.id;
}
const timePasses = statement("test_mail_due", "UPDATE mail_outbox SET due_at = now() WHERE id = $1");
/** As if the time until the next try were over. */
const makeDue = ({ database: { db } }: TestApi, id: string) =>
  db.transaction(async (tx) => {
    await tx.query(timePasses, [id]);
    await tx.notify("takosumi_mail", "");
  });
const row = ({ database: { db } }: TestApi, id: string) => db.prisma.mail_outbox.findUniqueOrThrow({ where: { id } });
/** Waits for a line of the log about this mail. */
async function said(of: TestApi, id: string, msg: string, attempts = 1): Promise<void> {
  await expect
    .poll(() => of.process.lines.some((line) => line.mail_id === id && line.msg === msg && line.attempts === attempts))
    .toBe(true);
}

it("arrives as it was written, once, and leaves nothing readable behind", async () => {
  const before = server.received.length;
  const id = await queue(api, mail("a@example.test"));
  const { to, raw } = await server.message(before);
  expect(to).toEqual(["a@example.test"]);
  expect(raw).toContain("From: Takosumi <ops@example.test>");
  expect(raw).toContain(`Message-ID: <${id}@example.test>`);
  expect(raw).toContain("Auto-Submitted: auto-generated");
  expect(raw).toContain("=?UTF-8?");
  expect(raw.replaceAll("=\n", "").replaceAll("=3D", "=")).toContain(link);
  await said(api, id, "a mail was sent");
  expect(await row(api, id)).toMatchObject({ state: "sent", sealed: "", attempts: 1, last_error: null });
  expect(server.received.length).toBe(before + 1);
});

it("is not sent where its transaction is rolled back", async () => {
  const before = server.received.length;
  const { db } = api.database;
  const sealed = { id: "mail_gone", purpose: "test", sealed: "tk1.nothing", expires_at: new Date(Date.now() + 60_000) };
  await expect(
    db.transaction(async (tx) => {
      await queueMail(tx, sealed);
      throw new Error("changed my mind");
    }),
  ).rejects.toThrow("changed my mind");
  await queue(api, mail("after@example.test"));
  expect((await server.message(before)).to).toEqual(["after@example.test"]);
});

it("is tried again after a 451, and given up after a 550", async () => {
  const before = server.received.length;
  server.verdicts.push(451);
  const later = await queue(api, mail("later@example.test"));
  await said(api, later, "a mail could not be sent: it is tried again");
  expect(await row(api, later)).toMatchObject({ state: "waiting", attempts: 1, last_error: "SMTP 451" });
  await makeDue(api, later);
  expect((await server.message(before + 1)).to).toEqual(["later@example.test"]);
  await said(api, later, "a mail was sent", 2);

  server.verdicts.push(550);
  const never = await queue(api, mail("never@example.test"));
  await said(api, never, "a mail was given up");
  await makeDue(api, never);
  expect(await row(api, never)).toMatchObject({ state: "dead", sealed: "", last_error: "SMTP 550" });
});

it("waits for a server that is down, and is given up after so many tries or when its time is over", async () => {
  const { port } = server;
  await server.close();
  const id = await queue(api, mail("down@example.test"));
  await said(api, id, "a mail could not be sent: it is tried again");
  const lost = await queue(api, mail("lost@example.test"));
  await said(api, lost, "a mail could not be sent: it is tried again");
  await api.database.db.prisma.mail_outbox.update({ where: { id: lost }, data: { attempts: 19 } });
  await makeDue(api, lost);
  await said(api, lost, "a mail was given up", 20);
  const over = await queue(api, mail("over@example.test"), new Date(Date.now() - 1_000));
  await said(api, over, "a mail was given up: what it offered is over");
  server = await startMailServer(port);
  await makeDue(api, id);
  expect((await server.message(0)).to).toEqual(["down@example.test"]);
  await said(api, id, "a mail was sent", 2);
});

it("goes out again as the same message where the api is killed before it notes the answer", async () => {
  const before = server.received.length;
  server.verdicts.push("hang");
  const doomed = await startApi({ env: smtp(server.port) });
  const id = await queue(doomed, mail("killed@example.test"));
  await server.message(before);
  doomed.process.kill("SIGKILL");
  await doomed.process.exited;
  expect(await row(doomed, id)).toMatchObject({ state: "waiting", attempts: 1 });
  const next = await startApi({ replicaOf: doomed, env: smtp(server.port) });
  await makeDue(doomed, id);
  await said(next, id, "a mail was sent", 2);
  const twice = server.received.slice(before);
  expect(twice.map(({ raw }) => /^Message-ID: (.*)$/m.exec(raw)?.[1])).toEqual([`<${id}@example.test>`, `<${id}@example.test>`]);
  await next.close();
  await doomed.close();
});

it("is sent once by two replicas", async () => {
  const before = server.received.length;
  const replica = await startApi({ replicaOf: api, env: smtp(server.port) });
  const ids = await Promise.all(Array.from({ length: 20 }, (_, i) => queue(api, mail(`n${i}@example.test`))));
  await expect
    .poll(() => api.database.db.prisma.mail_outbox.count({ where: { id: { in: ids }, state: "sent" } }), { timeout: 10_000 })
    .toBe(20);
  const receivers = server.received.slice(before).flatMap(({ to }) => to);
  expect(receivers.toSorted()).toEqual(Array.from({ length: 20 }, (_, i) => `n${i}@example.test`).toSorted());
  await replica.close();
});

it("goes to one address and has no header that its subject brings", async () => {
  const before = server.received.length;
  await queue(api, { to: "one@example.test", subject: "Hi\r\nBcc: other@example.test", text: "x" });
  const { to, raw } = await server.message(before);
  expect(to).toEqual(["one@example.test"]);
  expect(raw).not.toMatch(/^Bcc:/m);
});

it("lies in a file that only its owner reads where there is no server", async () => {
  const id = await queue(outboxOnly, mail("file@example.test"));
  await said(outboxOnly, id, "a mail was sent");
  const directory = join(outboxOnly.dataDir, "outbox");
  expect(await readdir(directory)).toEqual([`${id}.eml`]);
  expect((await stat(join(directory, `${id}.eml`))).mode & 0o777).toBe(0o600);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect(await readFile(join(directory, `${id}.eml`), "utf8")).toContain("To: file@example.test");
});

it("never shows a receiver or a link in the log", () => {
  for (const one of [api, outboxOnly]) {
    const written = JSON.stringify(one.process.lines);
    expect(written).toContain("a mail was sent");
    expect(written).not.toContain("hunter2");
    expect(written).not.toMatch(/[a-z0-9]+@example\.test/);
  }
});
