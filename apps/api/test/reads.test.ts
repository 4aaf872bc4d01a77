import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskBlobs } from "@takosumi/blobs/disk";
import { diskNotes } from "@takosumi/blobs/notes";
import { dataKeyStore } from "@takosumi/db/data-keys";
import type { Db } from "@takosumi/db/db";
import type { Statement } from "@takosumi/db/sql";
import { openKeyring } from "@takosumi/keyring/envelope";
import { localMasterKey } from "@takosumi/keyring/master-key";
import { PrivateHosts } from "@takosumi/reach/private-hosts";
import { openEngine } from "@takosumi/run-engine/engine";
import { engineDefaults } from "@takosumi/run-engine/settings";
import { type Actor, createActor } from "@takosumi/testkit/actors";
import { caller } from "@takosumi/testkit/call";
import { type TestDatabase, testDatabase } from "@takosumi/testkit/database";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openOauthServer } from "../src/identity/oauth-server/server.ts";
import { openUses } from "../src/identity/tokens/uses.ts";
import { openLog } from "../src/logger.ts";
import { openInbox } from "../src/notifications/notifications/inbox.ts";
import { serveApi } from "../src/server.ts";
import { type Holdings, holdings } from "./samples.ts";

let database: TestDatabase;
let app: FastifyInstance;
let user: Actor;
let held: Holdings;
let directory: string;
const closing: (() => Promise<unknown>)[] = [];
const sent: string[] = [];

beforeAll(async () => {
  database = await testDatabase();
  directory = await mkdtemp(join(tmpdir(), "takosumi-reads-"));
  const { db: real } = database;
  const noted = (statement: Statement) => sent.push(statement.name);
  // The real database, with the names of its statements written down.
  const db: Db = {
    ...real,
    query: (statement, values) => (noted(statement), real.query(statement, values)),
    one: (statement, values) => (noted(statement), real.one(statement, values)),
  };
  const log = openLog("silent");
  const keyring = openKeyring({ masterKeys: [localMasterKey(randomBytes(32))], store: dataKeyStore(db) });
  const blobs = await diskBlobs({ directory, keyring });
  const engine = await openEngine({ db: real, blobs, keyring, settings: { ...engineDefaults, sweepSeconds: 600 }, onError: () => {} });
  const anchors = diskNotes({ directory, name: "audit", keyring });
  const settings = {
    version: "0.0.0",
    public_url: "http://127.0.0.1",
    browser_origins: [],
    webhook_hosts: new PrivateHosts(""),
    seed_repositories: [],
    signup: ["invited"],
    scratch: join(directory, "scratch"),
    limits: {
      principal: 10_000,
      address: 10_000,
      sign_in: 1_000,
      token: 1_000,
      user_code: 1_000,
      device_code: 1_000,
      registration: 1_000,
      client_failure: 1_000,
    },
  };
  const uses = openUses({ db, log });
  const inbox = await openInbox(db);
  const oauth = await openOauthServer({ db, keyring, log, settings });
  const resources = { db, keyring, blobs, engine, anchors, inbox, oauth, oidc: null, log, settings };
  app = await serveApi(resources, uses, { surfaces: new Set(), trustedProxies: [] });
  closing.push(
    () => app.close(),
    () => uses.close(),
    () => inbox.close(),
    () => oauth.close(),
    () => engine.close(),
    () => database.drop(),
    () => rm(directory, { recursive: true }),
  );
  user = await createActor(real);
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  held = await holdings(caller(url, user.token));
});
afterAll(async () => {
  for (const close of closing) await close();
});

it.each([
  ["capsule", "/api/capsules/", ["token_holder", "capsule_locate"]],
  ["project", "/api/projects/", ["token_holder", "project_locate"]],
] as const)("GET of a %s is the token's read and the row's, and nothing else", async (entity, path, reads) => {
  sent.length = 0;
  const { statusCode, json } = await app.inject({ url: path + held[entity], headers: { authorization: `Bearer ${user.token}` } });
  expect(statusCode).toBe(200);
  expect(json()[entity].id).toBe(held[entity]);
  expect(sent).toEqual(reads);
});
