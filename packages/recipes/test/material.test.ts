import { expect, it } from "vitest";
import { material, names } from "../src/material.ts";
import { recipeOf } from "../src/registry.ts";

const modeOf = (id: string, name: string) => {
  const mode = recipeOf(id)?.modes[name];
  if (!mode) throw new Error(`${id} ${name}`);
  return mode;
};
const temporary = {
  AWS_ACCESS_KEY_ID: "ASIA1",
  AWS_SECRET_ACCESS_KEY: "s1",
  AWS_SESSION_TOKEN: "t1",
  AWS_REGION: "eu-central-1",
  AWS_ROLE_ARN: "r",
};

it("gives variables of the fields that were given, and says which are secret", () => {
  expect(material(modeOf("aws", "assume_role"), { values: temporary }, "apply")).toEqual({
    env: [
      { name: "AWS_ACCESS_KEY_ID", value: "ASIA1", sensitive: true },
      { name: "AWS_SECRET_ACCESS_KEY", value: "s1", sensitive: true },
      { name: "AWS_SESSION_TOKEN", value: "t1", sensitive: true },
      { name: "AWS_REGION", value: "eu-central-1", sensitive: false },
    ],
    files: [],
    arguments: [],
  });
});

it("uses the credential for plans while a plan is made, where there is one", () => {
  const mode = modeOf("cloudflare", "api_token");
  const token = (values: Record<string, string>, phase: "plan" | "apply") =>
    material(mode, { values }, phase).env.map(({ value }) => value);
  const both = { CLOUDFLARE_API_TOKEN: "writes", PLAN_API_TOKEN: "reads" };
  expect([token(both, "plan"), token(both, "apply")]).toEqual([["reads"], ["writes"]]);
  expect([token({ CLOUDFLARE_API_TOKEN: "one" }, "plan"), token({ CLOUDFLARE_API_TOKEN: "one" }, "apply")]).toEqual([["one"], ["one"]]);
});

it("serves one configuration by files and arguments, with no variable and no secret in an argument", () => {
  const { env, files, arguments: given } = material(modeOf("aws", "static_keys"), { values: temporary }, "plan", { byArguments: true });
  expect(env).toEqual([]);
  expect(files).toEqual([
    {
      path: "credentials",
      content: "[takosumi]\naws_access_key_id = ASIA1\naws_secret_access_key = s1\naws_session_token = t1\n",
      env_name: null,
      sensitive: true,
    },
    { path: "config", content: "[profile takosumi]\nregion = eu-central-1\n", env_name: null, sensitive: false },
  ]);
  expect(given).toEqual([
    { name: "profile", yields: false, value: "takosumi" },
    { name: "shared_credentials_files", yields: false, files: ["credentials"] },
    { name: "shared_config_files", yields: false, files: ["config"] },
  ]);
  const { AWS_REGION: _, ...regionless } = temporary;
  const without = material(modeOf("aws", "static_keys"), { values: regionless }, "plan", { byArguments: true });
  expect(without.arguments.map(({ name }) => name)).toEqual(["profile", "shared_credentials_files"]);
});

it("writes a kubeconfig for one configuration, and escapes what stands in it", () => {
  const values = {
    KUBE_HOST: "https://c.example.com",
    KUBE_TOKEN: 'to"ken',
    PLAN_TOKEN: "reads",
    KUBE_CLUSTER_CA_CERT_DATA: "-----BEGIN A-----\nx\n-----END A-----\n",
  };
  const of = (phase: "plan" | "apply") => material(modeOf("kubernetes", "token"), { values }, phase, { byArguments: true });
  expect(of("apply").files[0]?.content).toContain('      token: "to\\"ken"\n');
  expect(of("plan").files[0]?.content).toBe(
    `apiVersion: v1
kind: Config
current-context: takosumi
contexts: [{name: takosumi, context: {cluster: takosumi, user: takosumi}}]
clusters:
  - name: takosumi
    cluster:
      server: "https://c.example.com"
      certificate-authority-data: ${Buffer.from(values.KUBE_CLUSTER_CA_CERT_DATA).toString("base64")}
users:
  - name: takosumi
    user:
      token: "reads"
`,
  );
  expect(of("plan").arguments).toEqual([{ name: "config_path", yields: false, file: "kubeconfig" }]);
});

it("injects what a user declares under the user's own names", () => {
  const files = [
    { path: "a/key.json", content: "{}", env_name: "KEY_FILE" },
    { path: "b", content: "x" },
  ];
  expect(material(modeOf("generic-env", "env"), { values: { MY_TOKEN: "t" }, files }, "plan")).toEqual({
    env: [{ name: "MY_TOKEN", value: "t", sensitive: true }],
    files: [
      { path: "a/key.json", content: "{}", env_name: "KEY_FILE", sensitive: true },
      { path: "b", content: "x", env_name: null, sensitive: true },
    ],
    arguments: [],
  });
});

it("names the same without values", () => {
  expect(names(modeOf("aws", "assume_role"), ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ROLE_ARN"])).toEqual({
    env: [
      { name: "AWS_ACCESS_KEY_ID", sensitive: true },
      { name: "AWS_SECRET_ACCESS_KEY", sensitive: true },
      { name: "AWS_SESSION_TOKEN", sensitive: true },
    ],
    files: [],
  });
  expect(names(modeOf("generic-env", "env"), ["MY_TOKEN"], [{ path: "a", env_name: "A_FILE" }])).toEqual({
    env: [{ name: "MY_TOKEN", sensitive: true }],
    files: [{ path: "a", env_name: "A_FILE", sensitive: true }],
  });
});
