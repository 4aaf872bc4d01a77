import { expect, it } from "vitest";
import { compose } from "../src/compose.ts";
import type { Recipe } from "../src/define.ts";
import { byArguments, type Connected, conflicts, type Use } from "../src/distribute.ts";
import { recipeOf } from "../src/registry.ts";

const aws = "registry.opentofu.org/hashicorp/aws";
const awscc = "registry.opentofu.org/hashicorp/awscc";
const cloudflare = "registry.opentofu.org/cloudflare/cloudflare";
const connection = (id: string, recipe_id: string, mode: string, fields: string[], files: Connected["files"] = []): Connected => {
  const recipe = recipeOf(recipe_id) as Recipe;
  return { id, name: id, recipe, mode: recipe.modes[mode] as Connected["mode"], fields, files };
};
const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
const [prod, dev] = [
  connection("conn_prod", "aws", "static_keys", keys),
  connection("conn_dev", "aws", "assume_role", [...keys, "AWS_ROLE_ARN"]),
];
const token = (id: string) => connection(id, "cloudflare", "api_token", ["CLOUDFLARE_API_TOKEN"]);
const use = (provider: string, alias: string | null, one: Connected): Use => ({ provider, alias, connection: one });
const always = () => true;
const said = (uses: Use[], settable: (use: Use) => boolean = always) => conflicts(uses, settable).map(({ message }) => message);

it("goes by variables while nothing stands in the way", () => {
  const uses = [use(aws, null, prod), use(aws, "eu", prod), use(awscc, null, prod), use(cloudflare, null, token("conn_cf"))];
  expect([...byArguments(uses)]).toEqual([]);
  expect(said(uses, () => false)).toEqual([]);
});

it("goes by arguments where two connections serve one provider", () => {
  const uses = [use(aws, null, prod), use(aws, "dev", dev), use(cloudflare, null, token("conn_cf"))];
  expect([...byArguments(uses)]).toEqual(["conn_prod", "conn_dev"]);
  expect(said(uses)).toEqual([]);
});

it("goes by arguments where two providers would read one variable", () => {
  const uses = [use(aws, null, prod), use(awscc, null, dev)];
  expect([...byArguments(uses)]).toEqual(["conn_prod", "conn_dev"]);
  expect(said(uses)).toEqual([]);
});

it("names both where a recipe has no arguments", () => {
  const uses = [use(cloudflare, null, token("conn_a")), use(cloudflare, "b", token("conn_b"))];
  expect(said(uses)).toEqual([
    `${cloudflare} (connection conn_a) and ${cloudflare}.b (connection conn_b) cannot both be given CLOUDFLARE_API_TOKEN, which is one for the whole Run, and Cloudflare (API token) cannot be given to one provider configuration alone. Bind one connection to both, or split the module.`,
    expect.stringContaining(`${cloudflare}.b (connection conn_b) and ${cloudflare} (connection conn_a) cannot both be given`),
  ]);
});

it("names a configuration that stands where nothing can be set", () => {
  const uses = [use(aws, null, prod), use(aws, "kid", dev)];
  expect(said(uses, ({ alias }) => alias === null)).toEqual([
    expect.stringContaining(`the configuration of ${aws}.kid stands in a child module`),
  ]);
});

it("minds a variable that one connection sets and another's provider reads", () => {
  const own = (fields: string[], files: Connected["files"] = []) => connection("conn_own", "generic-env", "env", fields, files);
  const beside = (one: Connected) => [use(aws, null, prod), use("example.com/a/b", null, one)];
  for (const one of [own(["AWS_SESSION_TOKEN"]), own([], [{ path: "a", env_name: "AWS_REGION" }])]) {
    expect([...byArguments(beside(one))]).toEqual(["conn_prod", "conn_own"]);
    expect(said(beside(one))).toEqual([expect.stringContaining("Any provider (Variables and files) cannot be given")]);
  }
  expect([...byArguments(beside(own(["MY_TOKEN"])))]).toEqual([]);
});

it("composes a phase: every connection once, its files in a folder of its own, arguments for each configuration", () => {
  const secret = { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "SK" };
  const opened = new Map([
    ["conn_prod", { values: secret }],
    ["conn_dev", { values: { ...secret, AWS_SESSION_TOKEN: "T", AWS_ROLE_ARN: "r" } }],
    ["conn_cf", { values: { CLOUDFLARE_API_TOKEN: "writes", PLAN_API_TOKEN: "reads" } }],
    ["conn_own", { values: {}, files: [{ path: "a.json", content: "{}", env_name: "A_FILE" }] }],
  ]);
  const uses = [
    use(aws, null, prod),
    use(aws, "b", prod),
    use(aws, "dev", dev),
    use(cloudflare, null, token("conn_cf")),
    use("example.com/a/b", null, connection("conn_own", "generic-env", "env", [], [{ path: "a.json", env_name: "A_FILE" }])),
  ];
  const { env, files, arguments: given } = compose(uses, opened, "plan");
  expect(env).toEqual([{ name: "CLOUDFLARE_API_TOKEN", value: "reads", sensitive: true }]);
  expect(files.map(({ path, env_name }) => [path, env_name])).toEqual([
    ["conn_prod/credentials", null],
    ["conn_dev/credentials", null],
    ["conn_own/a.json", "A_FILE"],
  ]);
  const set = (id: string) => [
    { name: "profile", yields: false, value: "takosumi" },
    { name: "shared_credentials_files", yields: false, files: [`${id}/credentials`] },
  ];
  expect(given).toEqual([
    { provider: aws, alias: null, set: set("conn_prod") },
    { provider: aws, alias: "b", set: set("conn_prod") },
    { provider: aws, alias: "dev", set: set("conn_dev") },
  ]);
  expect(compose(uses.slice(0, 2), opened, "apply").env.map(({ name }) => name)).toEqual(keys);
  expect(() => compose(uses, new Map(), "plan")).toThrow("conn_prod was not opened");
});
