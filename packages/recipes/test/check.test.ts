import { expect, it } from "vitest";
import { checkMaterial, type GivenMaterial, materialLimits } from "../src/check.ts";
import { recipeOf } from "../src/registry.ts";

const modeOf = (id: string, name: string) => {
  const mode = recipeOf(id)?.modes[name];
  if (!mode) throw new Error(`${id} ${name}`);
  return mode;
};
const aws = modeOf("aws", "static_keys");
const own = modeOf("generic-env", "env");
const keys = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const faults = (mode: typeof aws, given: GivenMaterial) =>
  checkMaterial(mode, given).map(({ path, message }) => `${path.join(".")}: ${message}`);

it("takes what a mode asks for, as values or as Secrets", () => {
  expect(faults(aws, { values: keys })).toEqual([]);
  expect(faults(aws, { values: { AWS_ACCESS_KEY_ID: keys.AWS_ACCESS_KEY_ID }, secrets: { AWS_SECRET_ACCESS_KEY: "sec_1" } })).toEqual([]);
});

it("names every missing, surplus, doubled and malformed field, and no value", () => {
  const said = faults(aws, {
    values: { AWS_ACCESS_KEY_ID: "hunter2 hunter2", AWS_REGION: "eu\ncentral", NOPE: "x" },
    secrets: { AWS_REGION: "sec_1", OTHER: "sec_2" },
    files: [{ path: "x", content: "y" }],
  });
  expect(said).toEqual([
    "secrets.AWS_REGION: is given in values too: give it once",
    expect.stringContaining("values.NOPE: is not a field of Access key. Fields: AWS_ACCESS_KEY_ID, "),
    expect.stringContaining("secrets.OTHER: is not a field of Access key."),
    "values.AWS_ACCESS_KEY_ID: does not look right: like AKIAIOSFODNN7EXAMPLE",
    "values.AWS_SECRET_ACCESS_KEY: is missing: Secret access key, in values or as a Secret in secrets",
    "values.AWS_REGION: is one line: it may hold no line breaks or other control characters",
    expect.stringContaining("files.0: takes no files of your own."),
  ]);
  expect(said.join()).not.toContain("hunter2");
});

it("keeps a session between 900 seconds and 12 hours", () => {
  const assume = modeOf("aws", "assume_role");
  const of = (SESSION_SECONDS: string) =>
    faults(assume, { values: { ...keys, AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/deploy", SESSION_SECONDS } });
  for (const good of ["900", "1000", "3600", "9999", "10000", "42999", "43199", "43200"]) expect(of(good)).toEqual([]);
  for (const bad of ["0", "899", "43201", "44000", "50000", "100000", "-900", "900.0", "9e2", ""]) expect(of(bad)).toHaveLength(1);
});

it("refuses names that change how the tool is run, by name", () => {
  for (const name of [
    "PATH",
    "LD_PRELOAD",
    "TF_CLI_ARGS",
    "TAKOSUMI_X",
    "HTTPS_PROXY",
    "NODE_OPTIONS",
    "GIT_ASKPASS",
    "lower",
    "1A",
    "A=B",
    "",
  ]) {
    expect(faults(own, { values: { [name]: "value-1" } })).toEqual([
      expect.stringMatching(new RegExp(`^values.${name}: (${name} may not|is not)`)),
    ]);
    expect(faults(own, { secrets: { [name]: "sec_1" } })).toHaveLength(1);
    expect(faults(own, { files: [{ path: "a", content: "b", env_name: name }] })).toHaveLength(1);
  }
  expect(faults(own, { values: { MY_TOKEN: "value-1" }, files: [{ path: "a/b.json", content: "{}", env_name: "MY_FILE" }] })).toEqual([]);
});

it("refuses files that would lie elsewhere, twice, or in each other's way", () => {
  const of = (...paths: string[]) => faults(own, { files: paths.map((path) => ({ path, content: "x" })) });
  for (const path of ["", "/a", "../a", "a/../b", "a/./b", ".", "..", "a//b", "a/", "a\\b", "a b", "a\0", "x".repeat(201)])
    expect(of(path)).toHaveLength(1);
  for (const path of ["a", ".kube/config", "a/b.c/d-e_f", "...", "..a"]) expect(of(path)).toEqual([]);
  expect(of("a", "A")).toEqual(["files.1.path: A is given twice"]);
  expect(of("a/b", "a")).toEqual(["files.1.path: a is a file, and the folder of another"]);
  expect(faults(own, { values: { A_B: "x" }, files: [{ path: "a", content: "x", env_name: "A_B" }] })).toEqual([
    "files.0.env_name: A_B is given twice",
  ]);
});

it("asks for one of a group, and for all of what belongs together", () => {
  const openstack = { OS_AUTH_URL: "https://id.example.com/v3", OS_USERNAME: "u", OS_PASSWORD: "p" };
  const password = modeOf("openstack", "password");
  expect(faults(password, { values: openstack })).toEqual([
    "values.OS_PROJECT_ID: is missing: give at least one of OS_PROJECT_ID, OS_PROJECT_NAME",
  ]);
  expect(faults(password, { values: openstack, secrets: { OS_PROJECT_NAME: "sec_1" } })).toEqual([]);
  const mysql = { MYSQL_ENDPOINT: "db:3306", MYSQL_USERNAME: "u", MYSQL_PASSWORD: "p", MYSQL_TLS_CONFIG: "maybe", PLAN_USERNAME: "r" };
  expect(faults(modeOf("mysql", "password"), { values: mysql })).toEqual([
    "values.MYSQL_TLS_CONFIG: must be one of true, false, skip-verify",
    "values.PLAN_PASSWORD: is missing: PLAN_USERNAME and PLAN_PASSWORD are given together",
  ]);
});

it("bounds everything", () => {
  const many = Object.fromEntries(Array.from({ length: materialLimits.values + 1 }, (_, index) => [`V_${index}`, "x"]));
  expect(faults(own, { values: many })).toEqual([expect.stringContaining("more than 100 variables")]);
  expect(faults(own, { values: { A: "x".repeat(materialLimits.value + 1) } })).toHaveLength(1);
  expect(faults(own, { files: [{ path: "a", content: "x".repeat(materialLimits.file + 1) }] })).toHaveLength(1);
  const files = Array.from({ length: 5 }, (_, index) => ({ path: `f${index}`, content: "x".repeat(materialLimits.file) }));
  expect(faults(own, { files })).toEqual([expect.stringContaining("in all")]);
  expect(faults(own, {})).toHaveLength(1);
});
