import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import { type TestDatabase, testDatabase } from "@takosumi/testkit/database";
import { afterAll, beforeAll, expect, it } from "vitest";

/** A road to the database that can be cut. */
class Road {
  readonly #url: string;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async build(): Promise<void> {
    const server = createServer((near) => {
      const far = this.#connect();
      for (const socket of [near, far]) {
        this.#open.add(socket);
        socket.on("error", () => {}).on("close", () => (this.#open.delete(socket), near.destroy(), far.destroy()));
      }
      near.pipe(far).pipe(near);
    });
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as { port: number }).port;
    this.#server = server;
  }

  async cut(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    const closed = this.#server && once(this.#server, "close");
    this.#server?.close();
    await closed;
  }

  /** The database's URL along this road. */
  get url(): string {
    const { username, password, pathname } = this.#parsed();
    return `postgres://${username}:${password}@127.0.0.1:${this.#port}${pathname}`;
  }

  #parsed(): URL {
    return new URL(this.#url.replace("@/", "@socket/"));
  }
  #connect(): Socket {
    const { hostname, port, searchParams } = this.#parsed();
    const directory = searchParams.get("host");
    if (directory) return connect(join(directory, `.s.PGSQL.${searchParams.get("port") ?? 5432}`));
    return connect(Number(port || 5432), hostname);
  }
}

let database: TestDatabase;
let road: Road;
let api: TestApi;
beforeAll(async () => {
  database = await testDatabase();
  road = new Road(database.url);
  await road.build();
  api = await startApi({ env: { DATABASE_URL: road.url, TAKOSUMI_DATABASE_WAIT_SECONDS: "1" } });
});
afterAll(async () => {
  await api.close();
  await road.cut();
  await database.drop();
});

const away = { status: 503, body: { error: { code: "UNAVAILABLE", details: { reason: "database" } } } };

it("a database that is away is 503 with Retry-After everywhere, nothing is half-made, and it works again when it is back", async () => {
  expect((await api.call("POST", "/api/projects", { body: { name: "before" } })).status).toBe(201);
  expect((await api.call("GET", "/.well-known/jwks.json")).status).toBe(200);
  await road.cut();
  const form = {
    raw: "client_id=oac_x&client_secret=x&grant_type=refresh_token",
    headers: { "content-type": "application/x-www-form-urlencoded" },
  };
  for (const path of ["/oauth/token", "/oauth/introspect", "/oauth/revoke", "/oauth/device/code"]) {
    const answer = await caller(api.url, null)("POST", path, form);
    expect(answer, path).toMatchObject({ status: 503, body: { error: "temporarily_unavailable", error_description: expect.any(String) } });
    expect(Number(answer.headers.get("retry-after")), path).toBeGreaterThan(0);
  }
  expect(await api.call("POST", "/oauth/register", { body: {} })).toMatchObject({
    status: 503,
    body: { error: "temporarily_unavailable" },
  });
  expect(await caller(api.url, null)("GET", "/oauth/authorize?client_id=oac_x&response_type=code")).toMatchObject(away);
  expect(await caller(api.url, `tak_oat_${"x".repeat(43)}`)("GET", "/api/projects")).toMatchObject(away);
  const answers = await Promise.all([
    api.call("GET", "/api/projects"),
    api.call("GET", "/api/projects/prj_x"),
    api.call("POST", "/api/projects", { body: { name: "during" }, headers: { "idempotency-key": "k" } }),
  ]);
  for (const answer of answers) {
    expect(answer).toMatchObject(away);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  const probe = caller(api.url, null);
  expect((await probe("GET", "/healthz")).status).toBe(200);
  const { status, body } = await probe("GET", "/readyz");
  expect(status).toBe(503);
  expect(body.error.details.checks.find(({ name }: { name: string }) => name === "database").ok).toBe(false);

  await road.build();
  await expect.poll(async () => (await probe("GET", "/readyz")).status, { timeout: 15_000 }).toBe(200);
  expect(await api.call("POST", "/api/projects", { body: { name: "during" }, headers: { "idempotency-key": "k" } })).toMatchObject({
    status: 201,
  });
  const { projects } = (await api.call("GET", "/api/projects")).body;
  expect(projects.map(({ name }: { name: string }) => name).toSorted()).toEqual(["before", "during"]);
  expect(api.process.lines.filter((line) => line.level === "error" || line.level === "fatal")).toEqual([]);
});
