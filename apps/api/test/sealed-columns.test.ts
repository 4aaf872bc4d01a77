import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dataKeyStore } from "@takosumi/db/data-keys";
import { type SealedColumn, sealedColumns, sealedRows } from "@takosumi/db/sealed-columns";
import { statement } from "@takosumi/db/sql";
import { type Keyring, openKeyring } from "@takosumi/keyring/envelope";
import { localMasterKey } from "@takosumi/keyring/master-key";
import { parseMasterKey } from "@takosumi/keyring/master-key-text";
import { SealError } from "@takosumi/keyring/seal-error";
import { createActor } from "@takosumi/testkit/actors";
import { caller } from "@takosumi/testkit/call";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sealMail } from "../src/mail/message.ts";
import { DeployWorld } from "./deploy.ts";

let world: DeployWorld;
let keyring: Keyring;
beforeAll(async () => {
  world = await DeployWorld.start();
  const key = parseMasterKey(await readFile(join(world.api.dataDir, "master.key"), "utf8"));
  keyring = openKeyring({ masterKeys: [localMasterKey(key)], store: dataKeyStore(world.db) });
  const stranger = caller(world.api.url, (await createActor(world.db)).token);
  for (const as of [world.call, stranger]) for (let i = 0; i < 2; i++) await busy(as);
});
afterAll(() => world.close());

let made = 0;
/** One of everything that holds something sealed. */
async function busy(as: typeof world.call): Promise<void> {
  const name = `N_${++made}`;
  const secret = await as("POST", "/api/secrets", { body: { name, value: `value ${name}` }, headers: { "idempotency-key": name } });
  const connection = { name, provider: "acme/any", recipe: { id: "generic-env" }, values: { ACME_TOKEN: `token ${name}` } };
  expect((await as("POST", "/api/connections", { body: connection })).status).toBe(201);
  const { project } = await world.ok("POST", "/api/projects", { name }, as);
  const variables = [
    { name: "a", kind: "tofu", value: `sensitive ${name}`, sensitive: true },
    { name: "b", kind: "env", value: `sensitive ${name}`, sensitive: true },
    { name: "c", kind: "tofu", secret_id: secret.body.secret.id },
  ].map((one) => (one.kind === "env" ? { ...one, name: "B" } : one));
  const source = { kind: "inline", files: { "main.tf": 'resource "terraform_data" "a" {}\n' } };
  const { capsule } = await world.ok("POST", "/api/capsules", { project_id: project.id, name: "c", source, variables }, as);
  const { run } = await world.ok("POST", "/api/runs", { kind: "plan", capsule_id: capsule.id }, as);
  // What the engine writes when a runner has planned.
  const place = { table: "runs", workspace: capsule.workspace_id, row: run.id, field: "seal" };
  await world.db.prisma.runs.update({ where: { id: run.id }, data: { seal: await keyring.mac(place, "") } });
  // A mail that waits.
  const { id, purpose, sealed, expires_at } = await sealMail({ keyring }, "test", { to: "a@example.test", subject: name, text: name });
  await world.db.prisma.mail_outbox.create({ data: { id, purpose, sealed, expires_at, due_at: expires_at } });
}

const columns = statement(
  "test_text_columns",
  `SELECT table_name, column_name FROM information_schema.columns
   WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb', 'ARRAY') AND table_name NOT IN ('data_keys', 'instance_settings') ORDER BY 1, 2`,
);

it("nothing sealed stands where nobody looks for it: the list of sealed columns is whole", async () => {
  const holding: string[] = [];
  for (const { table_name, column_name } of await world.db.query<{ table_name: string; column_name: string }>(columns)) {
    const look = statement(
      `test_look_${table_name}_${column_name}`.slice(0, 63),
      `SELECT 1 AS found FROM ${table_name} WHERE ${column_name}::text ~ '(tk1|tm1)\\.dk_' LIMIT 1`,
    );
    if ((await world.db.query(look)).length > 0) holding.push(`${table_name}.${column_name}`);
  }
  expect(holding).toEqual(sealedColumns.map(({ table, column }) => `${table}.${column}`).toSorted());
});

async function valuesOf(column: SealedColumn) {
  const found = [];
  for await (const row of sealedRows(world.db, column)) found.push(...column.values(row));
  return found;
}

it("a sealed value opens where it stands, and in no other row, Workspace or field", async () => {
  const texts = (await Promise.all(sealedColumns.filter(({ kind }) => kind === "text").map(valuesOf))).flat();
  expect(new Set(texts.map(({ place }) => place.workspace)).size).toBeGreaterThan(2);
  for (const { place, sealed } of texts) {
    expect((await keyring.open(place, sealed)).length).toBeGreaterThan(0);
    for (const other of texts) if (other.place !== place) await expect(keyring.open(other.place, sealed)).rejects.toThrow(SealError);
    const moved = [
      { ...place, table: "elsewhere" },
      { ...place, row: `${place.row}x` },
      { ...place, field: `${place.field}x` },
      { ...place, workspace: "ws_other" },
    ];
    for (const one of moved) await expect(keyring.open(one, sealed)).rejects.toThrow(SealError);
  }
});

it("a MAC holds where it stands alone", async () => {
  const macs = (await Promise.all(sealedColumns.filter(({ kind }) => kind === "mac").map(valuesOf))).flat();
  expect(macs.length).toBeGreaterThan(4);
  for (const { place, sealed } of macs)
    for (const other of macs) if (other.place !== place) expect(await keyring.verifyMac(other.place, "", sealed)).toBe(false);
});

it("a Secret that was moved to another's row plans nothing", async () => {
  const secrets = await world.db.prisma.secrets.findMany({ orderBy: { id: "asc" } });
  const [one, two] = secrets;
  const capsule = await world.capsule({ variables: [{ name: "x", kind: "tofu", secret_id: one?.id }] });
  await world.db.prisma.secrets.update({ where: { id: one?.id ?? "" }, data: { sealed: two?.sealed ?? "" } });
  const answer = await world.call("POST", "/api/runs", { body: { kind: "plan", capsule_id: capsule.id } });
  expect(answer.status).toBeGreaterThanOrEqual(500);
  expect(JSON.stringify(answer.body)).not.toContain("value N_");
});
