// What a route costs that does nothing but the two reads: the token by its hash, and the Capsule with its reader's membership.
import { createHash } from "node:crypto";
import Fastify from "fastify";
import pg from "pg";
import { env } from "./env.ts";

const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 20 });
const token = { name: "token", text: "SELECT * FROM personal_access_tokens WHERE token_hash = $1 AND revoked_at IS NULL" };
const capsule = {
  name: "capsule",
  text: `SELECT c.*, m.role FROM capsules c JOIN members m ON m.workspace_id = c.workspace_id AND m.user_id = $2 WHERE c.id = $1 AND c.deleted_at IS NULL`,
};
const server = Fastify();
server.get<{ Params: { id: string } }>("/api/capsules/:id", async ({ headers, params }) => {
  const hash = createHash("sha256")
    .update((headers.authorization ?? "").slice(7))
    .digest("hex");
  const [who] = (await pool.query({ ...token, values: [hash] })).rows;
  const [row] = (await pool.query({ ...capsule, values: [params.id, who.user_id] })).rows;
  return { capsule: row };
});
console.log(await server.listen({ port: 0, host: "127.0.0.1" }));
