import { expect, it } from "vitest";
import { compose, type Resolved } from "../src/compose.ts";
import type { Mode, Recipe } from "../src/define.ts";
import { type Connected, distribute } from "../src/distribute.ts";
import { recipeOf } from "../src/registry.ts";

const connection = (id: string, recipe_id: string, mode: string, fields: string[], files: Connected["files"] = []): Connected => {
  const recipe = recipeOf(recipe_id) as Recipe;
  return { id, recipe, mode: recipe.modes[mode] as Mode, fields, files };
};
const keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
const prod = connection("conn_prod", "aws", "static_keys", keys);
const dev = connection("conn_dev", "aws", "assume_role", [...keys, "AWS_ROLE_ARN"]);
const token = (id: string) => connection(id, "cloudflare", "api_token", ["CLOUDFLARE_API_TOKEN"]);
const own = (fields: string[], files: Connected["files"] = []) => connection("conn_own", "generic-env", "env", fields, files);
const use = (one: Connected, settable = true) => ({ connection: one, settable });
const how = (...uses: ReturnType<typeof use>[]) =>
  distribute(uses).map((one) => one.by ?? `${one.variable} ${one.other.connection.id} ${one.why}`);

it("goes by variables while nothing stands in the way, wherever the configuration stands", () => {
  expect(how(use(prod, false), use(prod), use(token("conn_cf"), false))).toEqual(["environment", "environment", "environment"]);
});

it("goes by arguments where two connections would set one variable", () => {
  expect(how(use(prod), use(dev), use(token("conn_cf")))).toEqual(["arguments", "arguments", "environment"]);
});

it("goes by arguments where one sets what the other's provider reads: a cluster's token is not sent to another cluster", () => {
  const file = connection("conn_file", "kubernetes", "kubeconfig", ["KUBECONFIG_FILE"]);
  const host = connection("conn_host", "kubernetes", "token", ["KUBE_HOST", "KUBE_TOKEN"]);
  expect(how(use(file), use(host))).toEqual(["arguments", "arguments"]);
  const chart = connection("conn_chart", "helm", "token", ["KUBE_HOST", "KUBE_TOKEN"]);
  expect(how(use(file), use(chart))).toEqual(["arguments", "KUBE_HOST conn_file no_arguments"]);
});

it("names what cannot be served, and why", () => {
  expect(how(use(token("conn_a")), use(token("conn_b")))).toEqual([
    "CLOUDFLARE_API_TOKEN conn_b no_arguments",
    "CLOUDFLARE_API_TOKEN conn_a no_arguments",
  ]);
  expect(how(use(prod), use(dev, false))).toEqual(["arguments", "AWS_ACCESS_KEY_ID conn_prod not_settable"]);
  for (const one of [own(["AWS_SESSION_TOKEN"]), own([], [{ path: "a", env_name: "AWS_REGION" }])])
    expect(how(use(prod), use(one))).toEqual(["arguments", expect.stringMatching(/^AWS_\w+ conn_prod no_arguments$/)]);
  expect(how(use(prod), use(own(["MY_TOKEN"])))).toEqual(["environment", "environment"]);
});

it("composes a phase: every connection once, its files in a folder of its own, arguments for each configuration", () => {
  const secret = { AWS_ACCESS_KEY_ID: "AK", AWS_SECRET_ACCESS_KEY: "SK" };
  const { mode } = token("conn_cf");
  const opened = new Map([
    ["conn_prod", { mode: prod.mode, given: { values: secret } }],
    ["conn_dev", { mode: dev.mode, given: { values: { ...secret, AWS_SESSION_TOKEN: "T", AWS_ROLE_ARN: "r" } } }],
    ["conn_cf", { mode, given: { values: { CLOUDFLARE_API_TOKEN: "writes", PLAN_API_TOKEN: "reads" } } }],
    ["conn_own", { mode: own([]).mode, given: { values: {}, files: [{ path: "a.json", content: "{}", env_name: "A_FILE" }] } }],
  ]);
  const aws = "registry.opentofu.org/hashicorp/aws";
  const resolved = (alias: string | null, connection_id: string, injected_by: Resolved["injected_by"], provider = aws) => ({
    provider,
    alias,
    connection_id,
    injected_by,
  });
  const all = [
    resolved(null, "conn_prod", "arguments"),
    resolved("b", "conn_prod", "arguments"),
    resolved("dev", "conn_dev", "arguments"),
    resolved(null, "conn_cf", "environment", "registry.opentofu.org/cloudflare/cloudflare"),
    resolved(null, "conn_own", "environment", "example.com/a/b"),
  ];
  const { env, files, arguments: given } = compose(all, opened, "plan");
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
  const once = [resolved(null, "conn_prod", "environment"), resolved("b", "conn_prod", "environment")];
  expect(compose(once, opened, "apply").env.map(({ name }) => name)).toEqual(keys);
  expect(() => compose(once, new Map(), "plan")).toThrow("conn_prod was not opened");
});
