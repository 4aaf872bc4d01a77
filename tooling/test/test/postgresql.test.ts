import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { caller } from "@takosumi/testkit/call";
import { deployOn } from "@takosumi/testkit/deploy";
import { Leaks } from "@takosumi/testkit/leaks";
import { standInMirror } from "@takosumi/testkit/mirror";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

const mark = randomBytes(4).toString("hex");
const admin = { user: `admin_${mark}`, password: `Pw/${randomBytes(12).toString("base64")}+` };
const [role, database] = [`app_${mark}`, `appdb_${mark}`];

/**
 * No provider for PostgreSQL is served here. The module requires it all the same, so that its connection is resolved: under its address the
 * mirror has a stand-in that nothing asks. psql does the work, with the variables that the connection gives.
 */
const main = `
terraform {
  required_providers { postgresql = { source = "cyrilgdn/postgresql" } }
}
variable "connections" { type = number }
resource "terraform_data" "role" {
  input = "${role}"
  provisioner "local-exec" { command = "psql -Xqv ON_ERROR_STOP=1 -c 'CREATE ROLE \${self.input} LOGIN'" }
  provisioner "local-exec" {
    when = destroy
    command = "psql -Xqv ON_ERROR_STOP=1 -c 'DROP ROLE \${self.input}'"
  }
}
resource "terraform_data" "limit" {
  triggers_replace = var.connections
  provisioner "local-exec" { command = "psql -Xqv ON_ERROR_STOP=1 -c 'ALTER ROLE \${terraform_data.role.output} CONNECTION LIMIT \${var.connections}'" }
}
resource "terraform_data" "database" {
  input = "${database}"
  provisioner "local-exec" { command = "psql -Xqv ON_ERROR_STOP=1 -c 'CREATE DATABASE \${self.input}'" }
  provisioner "local-exec" {
    when = destroy
    command = "psql -Xqv ON_ERROR_STOP=1 -c 'DROP DATABASE \${self.input}'"
  }
}
`;

/** Where the server of the tests is reached by address. */
function addressOf(url: string): { host: string; port: string } {
  const { hostname, port, searchParams } = new URL(url.replace("@/", "@localhost/"));
  const host = searchParams.get("host") ?? hostname;
  return { host: host.startsWith("/") ? "127.0.0.1" : host, port: searchParams.get("port") ?? (port || "5432") };
}

if (tools.tofu && tools.mirror && tools.psql)
  describe("a PostgreSQL, managed with the credentials of a connection", () => {
    const server = inject("postgres").url;
    const leaks = new Leaks({ password: admin.password });
    let api: TestApi;
    let runner: TestRunner;
    let mirror: string;
    let user: ReturnType<typeof deployOn>;
    beforeAll(async () => {
      mirror = await standInMirror(["registry.opentofu.org/cyrilgdn/postgresql"]);
      api = await startApi();
      await sql(`CREATE ROLE ${admin.user} LOGIN CREATEROLE CREATEDB PASSWORD '${admin.password}'`);
      runner = await startRunner(api, { more: { TAKOSUMI_PROVIDER_MIRROR: mirror } });
      user = deployOn(caller(api.url, api.token, leaks.fetch));
    });
    afterAll(async () => {
      await runner?.close();
      await sql(`DROP DATABASE IF EXISTS ${database}`);
      await sql(`DROP ROLE IF EXISTS ${role}, ${admin.user}`);
      await api?.close();
      await rm(mirror, { recursive: true, force: true });
    });

    const sql = (text: string) => api.database.db.prisma.$executeRawUnsafe(text);
    /** The role's limit of connections and the database's owner, as the server has them; null where they are not there. */
    async function held(): Promise<{ limit: number | null; owner: string | null }> {
      const [found] = await api.database.db.prisma.$queryRawUnsafe<{ limit: number | null; owner: string | null }[]>(
        `SELECT (SELECT rolconnlimit FROM pg_roles WHERE rolname = $1) AS limit,
           (SELECT datdba::regrole::text FROM pg_database WHERE datname = $2) AS owner`,
        role,
        database,
      );
      return found as NonNullable<typeof found>;
    }

    test("a role and a database are made, changed and destroyed, and the password is nowhere", async () => {
      const { host, port } = addressOf(server);
      const values = { PGHOST: host, PGPORT: port, PGUSER: admin.user, PGPASSWORD: admin.password, PGDATABASE: "postgres" };
      const given = { name: "db", provider: "cyrilgdn/postgresql", recipe: { id: "postgresql" }, values };
      const { connection } = await user.ok("POST", "/api/connections", given);
      const variables = (connections: number) => [{ name: "connections", value: connections }];
      const capsule = await user.capsule(
        { "main.tf": main },
        { provider_bindings: [{ provider: "cyrilgdn/postgresql", connection_id: connection.id }], variables: variables(3) },
      );

      const planned = await user.plan(capsule);
      expect({ ...planned, log: await user.log(planned) }).toMatchObject({ error: null, status: "planned", plan: { summary: { add: 3 } } });
      expect(planned.provider_bindings).toContainEqual(
        expect.objectContaining({ provider: "registry.opentofu.org/cyrilgdn/postgresql", connection_id: connection.id }),
      );
      expect(await held()).toEqual({ limit: null, owner: null });
      const applied = await user.approve(planned);
      expect({ status: applied.status, error: applied.error, log: await user.log(applied) }).toMatchObject({
        status: "succeeded",
        error: null,
      });
      expect(await held()).toEqual({ limit: 3, owner: admin.user });
      const injected = (phase: string) =>
        applied.injected_env.filter((one: { phase: string }) => one.phase === phase).map(({ name }: { name: string }) => name);
      expect(injected("apply").sort()).toEqual(["PGDATABASE", "PGHOST", "PGPASSWORD", "PGPORT", "PGUSER"]);

      await user.ok("PATCH", `/api/capsules/${capsule}`, { variables: variables(7) });
      const changed = await user.plan(capsule);
      expect(changed.plan.resource_changes.map(({ address }: { address: string }) => address)).toEqual(["terraform_data.limit"]);
      expect((await user.approve(changed)).status).toBe("succeeded");
      expect(await held()).toEqual({ limit: 7, owner: admin.user });

      const destroyed = await user.approve(await user.plan(capsule, { mode: "destroy" }));
      expect(destroyed).toMatchObject({ kind: "destroy", status: "succeeded" });
      expect(await held()).toEqual({ limit: null, owner: null });

      await user.ok("GET", "/api/audit?limit=100");
      await user.ok("GET", `/api/connections/${connection.id}`);
      await leaks.database(api.database.db);
      await leaks.files(api.dataDir);
      await leaks.files(runner.dir);
      leaks.look("what the processes printed", JSON.stringify([api.process.lines, runner.process.lines]));
      expect(leaks.found).toEqual([]);
      expect(leaks.searched.responses).toBeGreaterThan(20);
    });
  });
