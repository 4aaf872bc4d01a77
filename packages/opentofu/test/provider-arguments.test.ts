import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { overrideName } from "../src/backend.ts";
import { isSettable, setProviderArguments } from "../src/provider-arguments.ts";
import { providerBlocks } from "../src/provider-blocks.ts";
import { apply, bothTools, boxed, cacheDir, init, plan, removeScratch, world } from "./world.ts";

const mirror = join(cacheDir, "mirror");
const hasProbe = existsSync(join(mirror, "registry.opentofu.org/hashicorp/probe"));
const probe = "registry.opentofu.org/hashicorp/probe";

const required = 'terraform {\n  required_providers {\n    cloud = { source = "hashicorp/probe" }\n  }\n}\n';
const files = {
  "main.tf": `${required}
provider "cloud" {
  alias   = "b"
  region  = "own-region"
  project = "own-project"
  profile = "own-profile"
}
module "kid" {
  source    = "./kid"
  providers = { cloud = cloud.b }
}
resource "probe_seen" "plain" { provider = cloud }
output "plain" { value = probe_seen.plain.arguments }
output "b" { value = module.kid.passed }
output "own" { value = module.kid.own }
`,
  "kid/main.tf": `${required}
provider "cloud" {
  alias  = "own"
  region = "kid-region"
}
resource "probe_seen" "passed" { provider = cloud }
resource "probe_seen" "own" { provider = cloud.own }
output "passed" { value = probe_seen.passed.arguments }
output "own" { value = probe_seen.own.arguments }
`,
};

describe.runIf(hasProbe)("arguments set from outside", () => {
  afterAll(removeScratch);
  for (const tool of bothTools) {
    test(`${tool.name}: reach the default and an alias, beat the block's own, and yield where they are to`, async () => {
      const of = await world(tool, boxed, files, { mirror });
      expect((await init(of)).exit.code).toBe(0);
      const blocks = await providerBlocks(of.dir, "", tool.name);
      expect([null, "b", "own", "nowhere"].map((alias) => isSettable(blocks, probe, alias))).toEqual([true, true, false, false]);
      await setProviderArguments({ ...of, blocks }, [
        { provider: probe, alias: null, set: [{ name: "credentials", yields: false, file: "conn_1/key.json" }] },
        {
          provider: probe,
          alias: "b",
          set: [
            { name: "profile", yields: false, value: "takosumi" },
            { name: "project", yields: true, value: "not-this" },
            { name: "config_context", yields: true, value: '${file("x")} %{if}' },
            { name: "shared_credentials_files", yields: false, files: ["conn_2/credentials", "conn_2/more"] },
          ],
        },
      ]);
      expect((await plan(of)).exit.code).toBe(2);
      expect((await apply(of)).exit.code).toBe(0);
      const { outputs } = JSON.parse(await readFile(join(of.dir.io, "state.tfstate"), "utf8"));
      expect(Object.fromEntries(Object.entries<{ value: unknown }>(outputs).map(([name, { value }]) => [name, value]))).toEqual({
        plain: { credentials: `${of.seen.credentials}/conn_1/key.json` },
        b: {
          region: "own-region",
          project: "own-project",
          profile: "takosumi",
          config_context: '${file("x")} %{if}',
          shared_credentials_files: `${of.seen.credentials}/conn_2/credentials ${of.seen.credentials}/conn_2/more`,
        },
        own: { region: "kid-region" },
      });
    });

    test(`${tool.name}: says itself that an alias which stands in a child module cannot be overridden`, async () => {
      const of = await world(tool, boxed, files, { mirror });
      expect((await init(of)).exit.code).toBe(0);
      const text = JSON.stringify({ provider: { cloud: [{ alias: "own", profile: "x" }] } });
      await writeFile(join(of.dir.tree, overrideName(tool.name, "providers")), text);
      const { exit, stdout, stderr } = await plan(of);
      expect(exit.code).toBe(1);
      expect(`${stdout}${stderr}`).toContain("Missing base provider configuration for override");
    });
  }
});

test("refuses a configuration that has no known place, and a file of its own name that is there", async () => {
  const [tool] = bothTools;
  if (!tool) throw new Error("no tool");
  const of = await world(tool, boxed, { "main.tf": 'provider "time" {}\n' });
  const blocks = await providerBlocks(of.dir, "", tool.name);
  const set = (provider: string, alias: string | null) => setProviderArguments({ ...of, blocks }, [{ provider, alias, set: [] }]);
  await expect(set("registry.opentofu.org/acme/cloud", null)).rejects.toThrow("from outside");
  await expect(set("registry.opentofu.org/hashicorp/time", "x")).rejects.toThrow("from outside");
  await set("registry.opentofu.org/hashicorp/time", null);
  await expect(set("registry.opentofu.org/hashicorp/time", null)).rejects.toThrow("EEXIST");
});
