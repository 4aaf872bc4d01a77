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
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
  expect((await as("PUT", "/api/spaces/me/common-env", { body: { name, value: `value ${name}` } })).status).toBe(200);
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
  const hook = { url: "https://hooks.example.test/a", events: ["run.failed"] };
  expect((await as("POST", "/api/spaces/me/webhooks", { body: hook })).status).toBe(201);
  // The key of the OAuth server, made when it is first asked for.
  expect((await as("GET", "/.well-known/jwks.json")).status).toBe(200);
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
  expect(macs.length).toBeGreaterThan(3);
  for (const { place, sealed } of macs)
    for (const other of macs) if (other.place !== place) expect(await keyring.verifyMac(other.place, "", sealed)).toBe(false);
});

/** What stands in a row's column is replaced while `work` goes on. */
async function moved(table: string, column: string, from: string, to: string, work: () => Promise<void>): Promise<void> {
  const set = statement(
    `test_move_${table}`,
    `UPDATE ${table} t SET ${column} = o.${column} FROM ${table} o WHERE t.id = $1 AND o.id = $2`,
  );
  const put = statement(
    `test_put_${table}`,
    `UPDATE ${table} SET ${column} = ($2::jsonb ->> 0)::${column === "variables" ? "jsonb" : "text"} WHERE id = $1`,
  );
  const get = statement(`test_get_${table}`, `SELECT ${column}::text AS value FROM ${table} WHERE id = $1`);
  const [row] = await world.db.query<{ value: string }>(get, [from]);
  await world.db.query(set, [from, to]);
  try {
    await work();
  } finally {
    await world.db.query(put, [from, JSON.stringify([row?.value])]);
  }
}
const gone = { status: 410, body: { error: { code: "GONE", details: { reason: "damaged" } } } };

describe("what was moved to another row is told as damaged, and nothing is done with it", () => {
  const variables = (value: string) => [{ name: "x", kind: "tofu", value, sensitive: true }];
  const plan = (id: string) => world.call("POST", "/api/runs", { body: { kind: "plan", capsule_id: id } });

  it("a Secret", async () => {
    const [one, two] = await world.db.prisma.secrets.findMany({ orderBy: { id: "asc" } });
    const capsule = await world.capsule({ variables: [{ name: "x", kind: "tofu", secret_id: one?.id }] });
    await moved("secrets", "sealed", one?.id ?? "", two?.id ?? "", async () => {
      const answer = await plan(capsule.id);
      expect(answer.status).toBeLessThan(500);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify(answer.body)).not.toContain("value N_");
    });
    expect((await plan(capsule.id)).status).toBe(201);
  });

  it("a sensitive variable, which is mended by giving it anew", async () => {
    const [one, two] = [
      await world.capsule({ variables: variables("of one") }),
      await world.capsule({ name: "two", variables: variables("of two") }),
    ];
    await moved("capsules", "variables", one.id, two.id, async () => {
      const answer = await plan(one.id);
      expect(answer).toMatchObject(gone);
      expect(answer.body.error.message).toContain("value of x does not open");
    });
    await moved("capsules", "variables", one.id, two.id, async () => {
      const mended = await world.call("PATCH", `/api/capsules/${one.id}`, { body: { variables: variables("again") } });
      expect(mended.status).toBe(200);
      expect((await plan(one.id)).status).toBe(201);
    });
  });

  it("a connection's material, which is mended by giving all of it", async () => {
    const made = async (name: string) =>
      (
        await world.ok("POST", "/api/connections", {
          name,
          provider: "acme/any",
          recipe: { id: "generic-env" },
          values: { ACME_TOKEN: name },
        })
      ).connection.id;
    const [one, two] = [await made("moved-one"), await made("moved-two")];
    await moved("connections", "sealed", one, two, async () => {
      const patch = (body: object) => world.call("PATCH", `/api/connections/${one}`, { body });
      expect(await patch({ values: { ACME_TOKEN: "x" } })).toMatchObject(gone);
      expect((await patch({ values: { ACME_TOKEN: "x" }, files: [] })).status).toBe(200);
    });
  });

  it("the variables of a Run, which is not made again", async () => {
    const run = async (value: string) => {
      const capsule = await world.capsule({ name: value });
      const body = { kind: "plan", capsule_id: capsule.id, variables: variables(value) };
      const { id } = (await world.ok("POST", "/api/runs", body)).run;
      await world.ok("POST", `/api/runs/${id}/cancel`, {});
      return id as string;
    };
    const [one, two] = [await run("run-one"), await run("run-two")];
    const retry = () => world.call("POST", `/api/runs/${one}/retry`, { body: {} });
    await moved("runs", "variable_set", one, two, async () => expect(await retry()).toMatchObject(gone));
    expect((await retry()).status).toBe(201);
  });

  it("the answer of an Idempotency-Key", async () => {
    const send = (key: string) =>
      world.call("POST", "/api/secrets", { body: { name: `K_${key}`, value: "v" }, headers: { "idempotency-key": key } });
    await send("one");
    await send("two");
    const [answer] = await world.db.prisma.idempotency_claims.findMany({ where: { key: "two" } });
    await world.db.prisma.idempotency_claims.updateMany({ where: { key: "one" }, data: { answer: answer?.answer ?? "" } });
    expect(await send("one")).toMatchObject(gone);
  });
});
