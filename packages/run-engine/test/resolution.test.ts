import { expect, it } from "vitest";
import type { KnownConnection } from "../src/queries/connections.ts";
import { type Ground, resolveAll } from "../src/resolution.ts";

const aws = "registry.opentofu.org/hashicorp/aws";
const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
const connection = (id: string, provider = aws, recipe_id = "aws", recipe_mode = "static_keys", fields = keys) =>
  ({
    id,
    name: id.slice(5),
    provider,
    recipe_id,
    recipe_mode,
    fields,
    secret_fields: [],
    files: [],
    expires_at: null,
    revoked_at: null,
  }) as unknown as KnownConnection;
const need = (alias: string | null, settable = true, provider = aws) => ({ provider, alias, builtin: false, settable });
const bind = (alias: string | null, connection_id: string, provider = aws) => ({ provider, alias, connection_id });
const ground = (more: Partial<Ground>): Ground => ({
  bindings: [bind(null, "conn_prod"), bind("dev", "conn_dev")],
  connections: [connection("conn_prod"), connection("conn_dev")],
  env: [],
  ...more,
});

it("gives each of two connections of one provider by arguments, the default configuration's too", () => {
  expect(resolveAll([need(null), need("dev"), need("other")], ground({}))).toEqual(
    [
      [null, "conn_prod"],
      ["dev", "conn_dev"],
      ["other", "conn_prod"],
    ].map(([alias, connection_id]) =>
      expect.objectContaining({ alias, connection_id, status: "resolved_provider_connection", injected_by: "arguments", env_names: [] }),
    ),
  );
});

it("gives one connection by variables, wherever its configurations stand", () => {
  const all = resolveAll([need(null), need("kid", false)], ground({ bindings: [bind(null, "conn_prod")] }));
  expect(all.map(({ injected_by, env_names }) => [injected_by, env_names])).toEqual([
    ["environment", keys],
    ["environment", keys],
  ]);
});

it("blocks what stands in a child module beside another connection, and what has no arguments, naming both", () => {
  const [, kid] = resolveAll([need(null), need("dev", false)], ground({}));
  expect(kid).toMatchObject({
    status: "blocked_policy",
    reason: "variable_clash",
    message: `${aws}.dev is bound to the connection dev, and ${aws} to prod: both cannot be given AWS_ACCESS_KEY_ID at once`,
    remedy: expect.stringContaining("from its child module to the root module"),
  });
  const cloudflare = "registry.opentofu.org/cloudflare/cloudflare";
  const token = (id: string) => connection(id, cloudflare, "cloudflare", "api_token", ["CLOUDFLARE_API_TOKEN"]);
  const two = resolveAll(
    [need(null, true, cloudflare), need("b", true, cloudflare)],
    ground({
      bindings: [bind(null, "conn_x", cloudflare), bind("b", "conn_y", cloudflare)],
      connections: [token("conn_x"), token("conn_y")],
    }),
  );
  expect(two.map(({ status, injected_by, message }) => [status, injected_by, message])).toEqual([
    [
      "blocked_policy",
      null,
      `${cloudflare} is bound to the connection x, and ${cloudflare}.b to y: both cannot be given CLOUDFLARE_API_TOKEN at once`,
    ],
    [
      "blocked_policy",
      null,
      `${cloudflare}.b is bound to the connection y, and ${cloudflare} to x: both cannot be given CLOUDFLARE_API_TOKEN at once`,
    ],
  ]);
});

it("blocks a connection that would set what the Capsule sets itself", () => {
  const [one] = resolveAll([need(null)], ground({ bindings: [bind(null, "conn_prod")], env: ["AWS_ACCESS_KEY_ID"] }));
  expect(one).toMatchObject({
    status: "blocked_policy",
    message: expect.stringContaining("sets AWS_ACCESS_KEY_ID, and so does the Capsule's own"),
  });
});
