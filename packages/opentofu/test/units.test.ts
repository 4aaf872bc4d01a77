import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { afterAll, describe, expect, test } from "vitest";
import { envNameProblem, phaseEnvironment } from "../src/environment.ts";
import { parseEvent } from "../src/events.ts";
import { findTools } from "../src/find.ts";
import { hclBlocks } from "../src/hcl-blocks.ts";
import { humanLine } from "../src/human-line.ts";
import { builtinOnly, initNeeded } from "../src/init-need.ts";
import { lockDigest, lockedProviders } from "../src/lock.ts";
import { pickTool } from "../src/pick.ts";
import { probeTool } from "../src/probe.ts";
import { parseProviderReference } from "../src/provider-address.ts";
import { providerBlocks } from "../src/provider-blocks.ts";
import { requiredProviders } from "../src/requirements.ts";
import { createRunDir } from "../src/rundir.ts";
import type { SeenPaths, Tool } from "../src/types.ts";
import { compareVersions, satisfies } from "../src/version-order.ts";
import { removeScratch, scratchDir } from "./world.ts";

afterAll(removeScratch);
const tool = (name: Tool["name"], version: string): Tool => ({
  name,
  version,
  path: `/${name}-${version}`,
  origin: "path",
  digest: "sha256:0",
});

/** A program that answers `version` like a tool. */
async function program(folder: string, name: string, says: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\nprintf '%s\\n' '${says}'\n`);
  await chmod(path, 0o755);
  return path;
}

describe("finding tools", () => {
  test("configured, then tofu on PATH, then the cache newest first, then terraform; each once, broken ones left out", async () => {
    const root = await scratchDir();
    const cacheDir = join(root, "cache");
    const configured = await program(join(root, "own"), "my-tofu", "OpenTofu v1.11.0");
    await program(join(root, "bin"), "tofu", "OpenTofu v1.10.0");
    await program(join(root, "bin"), "terraform", "Terraform v1.5.7");
    await program(join(cacheDir, "tools/opentofu/1.9.0"), "tofu", "OpenTofu v1.9.0");
    await program(join(cacheDir, "tools/opentofu/1.12.6"), "tofu", "OpenTofu v1.12.6");
    await program(join(cacheDir, "tools/opentofu/1.13.0"), "tofu", "no tool");
    await writeFile(join(cacheDir, "tools/opentofu/1.12.6/origin"), "built\n");
    const found = await findTools({ tofuBin: configured, cacheDir, path: `relative:${join(root, "absent")}:${join(root, "bin")}` });
    expect(found.map(({ name, version, origin }) => `${name} ${version} ${origin}`)).toEqual([
      "opentofu 1.11.0 configured",
      "opentofu 1.10.0 path",
      "opentofu 1.12.6 built",
      "opentofu 1.9.0 cache",
      "terraform 1.5.7 path",
    ]);
    expect(new Set(found.map(({ digest }) => digest)).size).toBe(5);
    await symlink(configured, join(root, "link"));
    expect((await findTools({ tofuBin: join(root, "link"), cacheDir, path: join(root, "own") }))[0]?.path).toBe(configured);
    await writeFile(configured, "#!/bin/sh\necho OpenTofu v1.11.1\n");
    expect((await probeTool(configured)).version).toBe("1.11.1");
  });

  test("a configured path where nothing is, or no tool, is an error", async () => {
    const root = await scratchDir();
    const where = { cacheDir: root, path: "" };
    await expect(findTools({ ...where, tofuBin: join(root, "absent") })).rejects.toThrow(/TAKOSUMI_TOFU_BIN is .*absent/);
    await expect(findTools({ ...where, tofuBin: "relative/tofu" })).rejects.toThrow(/absolute path/);
    await expect(findTools({ ...where, tofuBin: await program(root, "other", "ls 9.1") })).rejects.toMatchObject({ reason: "tool_broken" });
  });

  test("picking by name, version and least version", () => {
    const tools = [tool("opentofu", "1.12.6"), tool("opentofu", "1.9.1"), tool("terraform", "1.11.4")];
    expect(pickTool(tools).version).toBe("1.12.6");
    expect(pickTool(tools, { name: "terraform" }).version).toBe("1.11.4");
    expect(pickTool(tools, { version: "1.9" }).version).toBe("1.9.1");
    expect(pickTool(tools, { name: "opentofu" }, "1.10.0").version).toBe("1.12.6");
    expect(() => pickTool(tools, { version: "1.9.1" }, "1.10.0")).toThrow(
      /no OpenTofu or Terraform 1.9.1, at least 1.10.0.*It has: opentofu 1.12.6, /,
    );
    expect(() => pickTool([], {})).toThrow(/It has: none/);
  });

  test("version order", () => {
    const ordered = ["1.9.9", "1.10.0-alpha1", "1.10.0-rc2", "1.10.0", "1.10.1", "2.0.0"];
    expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
    expect([satisfies("1.12.6", "1.12"), satisfies("1.120.0", "1.12"), satisfies("1.12.6", "1"), satisfies("1.12.0-rc1", "1.12")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe("environment", () => {
  const seen = { data: "/data", cliConfig: "/io/cli.tfrc", home: "/tmp" } as SeenPaths;
  test("names that would change the tool, the loader or our own settings are refused", () => {
    for (const name of [
      "PATH",
      "HOME",
      "TF_LOG",
      "TF_VAR_x",
      "TF_CLI_ARGS_plan",
      "LD_PRELOAD",
      "NODE_OPTIONS",
      "TAKOSUMI_X",
      "HTTPS_PROXY",
      "BASH_ENV",
      "lower",
      "1X",
      "A-B",
      "A=B",
      "",
    ]) {
      expect(envNameProblem(name), name).not.toBeNull();
      expect(() => phaseEnvironment({ seen, injected: { [name]: "x" } })).toThrow(/Environment variable/);
    }
    expect(["AWS_REGION", "TF_ENCRYPTION", "GITHUB_TOKEN", "_X"].map(envNameProblem)).toEqual([null, null, null, null]);
    expect(() => phaseEnvironment({ seen, injected: { A: "x\0y" } })).toThrow(/NUL/);
  });
  test("an error never holds the value", () => {
    expect(() => phaseEnvironment({ seen, injected: { TF_VAR_x: "the-secret" } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("the-secret") }),
    );
  });
});

describe("events", () => {
  test("what is no event is a log with the same text; a dump never is", () => {
    for (const line of ["plain", "[1]", "12", "{broken"])
      expect(parseEvent(line)).toEqual({ type: "log", level: "info", text: line, at: null });
    expect(parseEvent('{"@level":"warn","@message":"m","type":"news"}')).toEqual({ type: "log", level: "warn", text: "m", at: null });
    expect(parseEvent('{"@message":"Emergency state dump","type":"log","state":{"lineage":"l"}}')).toEqual({
      type: "state_dump",
      state: '{"lineage":"l"}',
    });
    expect(parseEvent('{"version":4,"lineage":"l","serial":1}').type).toBe("state_dump");
  });
  test("a diagnostic reads as the tools print it", () => {
    const line =
      '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Bad","detail":"Do this.","address":"a.b","range":{"filename":"main.tf","start":{"line":3,"column":5}},"snippet":{"code":"x = 1"}}}';
    const event = parseEvent(line);
    expect(event).toEqual({
      type: "diagnostic",
      severity: "error",
      summary: "Bad",
      detail: "Do this.",
      address: "a.b",
      file: "main.tf",
      line: 3,
      column: 5,
      snippet: "x = 1",
      at: null,
    });
    expect(humanLine(event)).toBe("\nError: Bad\n\n  with a.b,\n  on main.tf line 3:\n    3: x = 1\n\nDo this.");
  });
  test("outputs of an apply read as names and values, sensitive ones without", () => {
    const event = parseEvent(
      '{"type":"outputs","outputs":{"a":{"sensitive":false,"type":"string","value":"v"},"b":{"sensitive":true,"value":"hidden"},"c":{"sensitive":false,"action":"create"}}}',
    );
    expect(humanLine(event)).toBe('\nOutputs:\n\na = "v"\nb = <sensitive>');
  });
});

describe("providers", () => {
  test("addresses: one form for both public registries", () => {
    expect(
      ["aws", "Hashicorp/AWS", "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"].map(canonicalProvider),
    ).toEqual(Array(4).fill("registry.opentofu.org/hashicorp/aws"));
    expect(canonicalProvider("example.com/a/b")).toBe("example.com/a/b");
    expect(parseProviderReference('module.x["a.b"].provider["registry.terraform.io/hashicorp/aws"].west')).toEqual({
      provider: "registry.opentofu.org/hashicorp/aws",
      alias: "west",
    });
    expect(parseProviderReference("provider.aws")).toBeNull();
  });
  const lock = Buffer.from(
    '# kept\nprovider "registry.terraform.io/hashicorp/time" {\n  version     = "0.14.2"\n  constraints = "~> 0.14"\n  hashes = [\n    "h1:x",\n  ]\n}\n',
  );
  test("lock file", () => {
    expect(lockedProviders(lock)).toEqual([{ provider: "registry.opentofu.org/hashicorp/time", version: "0.14.2" }]);
    expect(lockDigest(Buffer.alloc(0))).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
  test("required: configuration, lock and state together; a child's entry that only passes on is left out", () => {
    const aws = "registry.opentofu.org/hashicorp/aws";
    const config = {
      provider_config: {
        aws: { full_name: aws },
        "aws.west": { full_name: aws, alias: "west" },
        "module.a:aws": { full_name: aws, module_address: "module.a" },
        "module.a:null": { full_name: "registry.opentofu.org/hashicorp/null", module_address: "module.a" },
        terraform: { full_name: "terraform.io/builtin/terraform" },
      },
    };
    const state = Buffer.from(JSON.stringify({ resources: [{ provider: 'provider["registry.terraform.io/hashicorp/random"].old' }] }));
    expect(
      requiredProviders({ config, lock, state }).map(({ provider, alias, builtin }) => `${provider.split("/").at(-1)} ${alias} ${builtin}`),
    ).toEqual(["aws null false", "aws west false", "null null false", "random old false", "time null false", "terraform null true"]);
  });

  test("blocks of Terraform's text: aliases, local names, both spellings, installed modules", async () => {
    const dir = await createRunDir(join(await scratchDir(), "run"));
    await mkdir(join(dir.data, "modules/far"), { recursive: true });
    await mkdir(join(dir.tree, "near"));
    await writeFile(
      join(dir.tree, "main.tf"),
      'terraform {\n  required_providers {\n    cloud = { source = "acme/cloud", version = "1" }\n    idle  = { source = "acme/idle" }\n  }\n}\nprovider "cloud" {\n  alias = "west" # here\n  url = "${var.x}/}"\n}\nprovider "time" {}\n',
    );
    await writeFile(join(dir.tree, "near/x.tf.json"), '{"provider":{"dns":[{"alias":"a"},{"alias":"b"}]}}');
    await writeFile(join(dir.data, "modules/far/x.tf"), 'provider "far" {}');
    await writeFile(
      join(dir.data, "modules/modules.json"),
      '{"Modules":[{"Key":"","Dir":"."},{"Dir":"near"},{"Dir":"../data/modules/far"},{"Dir":"../../../etc"}]}',
    );
    expect((await providerBlocks(dir, "", "terraform")).map(({ provider, alias }) => `${provider} ${alias}`)).toEqual([
      "acme/cloud west",
      "time null",
      "acme/idle null",
      "dns a",
      "dns b",
      "far null",
    ]);
  });

  test("HCL: comments, heredocs, templates and nesting do not confuse it", () => {
    const text =
      '# provider "no" {}\n/* provider "no" {} */\nlocals {\n  a = <<-EOT\n    provider "no" {}\n  EOT\n  b = "${"}"} provider \\"no\\" {"\n  c = [for x in y : { k = x }]\n}\nprovider "yes" {\n  alias = "z"\n}\nresource a b {\n  lifecycle {\n    x = 1\n  }\n}\n';
    const blocks = hclBlocks(text);
    expect(blocks.map(({ type, labels }) => [type, ...labels].join(" "))).toEqual(["locals", "provider yes", "resource a b"]);
    expect(blocks[1]?.attributes.alias).toBe("z");
    expect(blocks[2]?.blocks.map(({ type }) => type)).toEqual(["lifecycle"]);
  });

  test("which modules may be planned without init", async () => {
    const guess = async (files: Record<string, string>) => {
      const dir = await scratchDir();
      for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
      return builtinOnly(dir);
    };
    expect(await guess({ "main.tf": 'resource "terraform_data" "a" {}\nvariable "x" {}\n', "\u{10FFFF}_override.tofu.json": "{}" })).toBe(
      true,
    );
    for (const text of [
      'module "m" { source = "./m" }',
      'provider "aws" {}',
      'data "external" "x" {}',
      'resource "time_sleep" "a" {}',
      "terraform {\n required_providers {}\n}",
      'ephemeral "x" "y" {}',
      "locals { a = provider::x::y() }",
    ]) {
      expect(await guess({ "main.tf": text }), text).toBe(false);
    }
    expect(await guess({ "main.tf.json": "{}" })).toBe(false);
    expect(await guess({ ".terraform.lock.hcl": "" })).toBe(false);
    expect(initNeeded([{ severity: "error", summary: "Module not installed" }])).toBe(true);
    expect(
      initNeeded([
        { severity: "warning", summary: "Module not installed" },
        { severity: "error", summary: "Invalid value" },
      ]),
    ).toBe(false);
  });
});
