import { mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stateFile } from "@takosumi/contracts/deploy/state-file";
import { afterAll, describe, expect, test } from "vitest";
import { backendRecord, checkBackend, overrideName, statePath } from "../src/backend.ts";
import { equipForPlan } from "../src/equip.ts";
import { createRunDir } from "../src/rundir.ts";
import { apply, bothTools, boxed, emptyState, init, LINEAGE, plan, removeScratch, sandboxes, scratchDir, world } from "./world.ts";

afterAll(removeScratch);
const RESOURCE = 'resource "terraform_data" "a" {}\n';
const s3 = (name: string) => JSON.stringify({ terraform: { backend: { s3: { bucket: name, key: "k", region: "r" } } } });
const S3 = 'terraform {\n  backend "s3" {\n    bucket = "b"\n    key    = "k"\n    region = "r"\n  }\n}\n';

/** Everything that a module may try to keep its state somewhere else. */
const escapes: Record<string, Record<string, string>> = {
  "no backend": { "main.tf": RESOURCE },
  "backend s3": { "main.tf": RESOURCE + S3 },
  "cloud block": {
    "main.tf": `${RESOURCE}terraform {\n  cloud {\n    organization = "o"\n    workspaces {\n      name = "w"\n    }\n  }\n}\n`,
  },
  "an unknown backend": { "main.tf": `${RESOURCE}terraform {\n  backend "nowhere" {\n    x = 1\n  }\n}\n` },
  "a removed backend": { "main.tf": `${RESOURCE}terraform {\n  backend "etcdv3" {\n    endpoints = []\n  }\n}\n` },
  "an override that sorts late": { "main.tf": RESOURCE, "zzz_override.tf": S3 },
  "an override in the other spelling": {
    "main.tf": RESOURCE,
    "zzz_override.tf.json": s3("b"),
    "zzz_override.tofu.json": s3("c"),
    "zzz_override.tofu": S3,
  },
  "an override that begins with a high code point": {
    "main.tf": RESOURCE,
    "\u{10FFFE}zz_override.tf.json": s3("b"),
    "\u{10FFFE}zz_override.tofu.json": s3("b"),
  },
  "a local backend elsewhere": { "main.tf": `${RESOURCE}terraform {\n  backend "local" {\n    path = "elsewhere.tfstate"\n  }\n}\n` },
  "a state file of its own": {
    "main.tf": RESOURCE,
    "terraform.tfstate": '{"version":4,"serial":9,"lineage":"theirs","outputs":{},"resources":[]}',
  },
};

const hcl = (body: string) => `terraform {\n  ${body}\n}\n`;
/** More of them, for which it is enough that the tool plans on what we recorded: it refuses to where another backend won. */
const table: Record<string, Record<string, string>> = {
  "settings of its own": {
    "main.tf": RESOURCE + S3,
    ".terraformrc": 'plugin_cache_dir = "/tmp"\n',
    ".tofurc": "",
    "backend.hcl": 'path = "/tmp/elsewhere"\n',
    "terraform.tfstate.d/other/terraform.tfstate": "{}",
  },
  "cloud in overrides": {
    "main.tf": RESOURCE,
    "zzz_override.tf": hcl('cloud {\n organization = "o"\n workspaces {\n name = "w"\n }\n}'),
    "zzz_override.tofu.json": JSON.stringify({ terraform: { cloud: { organization: "o", workspaces: { name: "w" } } } }),
  },
};
/** Every name that one of the tools reads as an override, in every spelling. */
for (const name of ["override", "a_override", "\u{10FFFE}_override"])
  for (const ending of ["tf", "tofu", "tf.json", "tofu.json"])
    table[`${name}.${ending}`] = { "main.tf": RESOURCE, [`${name}.${ending}`]: ending.endsWith("json") ? s3("b") : S3 };
for (const ending of ["tofu", "tofu.json", "tf.json"])
  table[`other.${ending} beside main.tf`] = { "main.tf": RESOURCE, [`other.${ending}`]: ending.endsWith("json") ? s3("b") : S3 };
/** Each backend that there is, in the module and in an override of each tool. */
const backends = {
  azurerm: 'storage_account_name = "a"\n container_name = "c"\n key = "k"',
  consul: 'path = "p"\n address = "127.0.0.1:9"',
  cos: 'bucket = "b"',
  gcs: 'bucket = "b"',
  http: 'address = "http://127.0.0.1:9/state"',
  kubernetes: 'secret_suffix = "s"',
  oss: 'bucket = "b"',
  pg: 'conn_str = "postgres://127.0.0.1:9/x"',
  inmem: "",
  remote: 'hostname = "127.0.0.1:9"\n organization = "o"\n workspaces {\n name = "w"\n }',
};
for (const [type, body] of Object.entries(backends)) {
  const moved = hcl(`backend "${type}" {\n${body}\n}`);
  table[`backend ${type}`] = { "main.tf": RESOURCE + moved, "zzz_override.tofu": moved, "zzz_override.tf": moved };
}

for (const tool of bothTools) {
  describe(`with ${tool.name}`, () => {
    for (const [what, files] of Object.entries(escapes)) {
      test(`the state stays ours: ${what}`, async () => {
        const of = await world(tool, boxed, files);
        const planned = await plan(of);
        expect([planned.exit.code, planned.stderr.toString()]).toEqual([2, ""]);
        expect((await init(of)).exit.code).toBe(0);
        await checkBackend(of.dir, "");
        expect((await plan(of)).exit.code).toBe(2);
        expect((await apply(of)).exit.code).toBe(0);
        const state = stateFile(await readFile(join(of.dir.io, "state.tfstate")));
        expect([state?.lineage, state?.resource_count]).toEqual([LINEAGE, 1]);
      });
    }

    test.each(Object.entries(table))("it is planned on our record: %s", async (_, files) => {
      const of = await world(tool, boxed, files);
      const planned = await plan(of);
      expect([planned.exit.code, planned.stderr.toString()]).toEqual([2, ""]);
      await checkBackend(of.dir, "");
    });

    test("our record equals what init writes, at every depth", async () => {
      for (const modulePath of ["", "a", "a/b"]) {
        const of = await world(tool, boxed, { [join(modulePath, "main.tf")]: RESOURCE }, { modulePath });
        await rm(join(of.dir.data, "terraform.tfstate"));
        expect((await init(of)).exit.code).toBe(0);
        const written = JSON.parse(await readFile(join(of.dir.data, "terraform.tfstate"), "utf8"));
        expect(written.backend).toEqual(JSON.parse(backendRecord(modulePath)).backend);
        await checkBackend(of.dir, modulePath);
      }
    });

    test("without our override the record is refused, so a backend that won is never planned with", async () => {
      const of = await world(tool, boxed, { "main.tf": RESOURCE + S3 });
      await rm(join(of.dir.tree, overrideName(tool.name)));
      const planned = await plan(of);
      expect(planned.exit.code).toBe(1);
      expect(planned.stderr.toString() + planned.stdout.toString()).toContain("Backend initialization required");
    });

    test("a clash with the override's name is refused in any spelling", async () => {
      for (const ending of [".tf", ".tf.json", ".tofu", ".tofu.json"]) {
        await expect(world(tool, boxed, { "main.tf": RESOURCE, [`\u{10FFFF}_override${ending}`]: "" })).rejects.toThrow(/reserved/);
      }
    });

    test("a backend of another type or path is told after init", async () => {
      const of = await world(tool, boxed, { "main.tf": RESOURCE });
      const record = join(of.dir.data, "terraform.tfstate");
      for (const backend of [
        { type: "s3", config: { path: statePath("") } },
        { type: "local", config: { path: "elsewhere" } },
        undefined,
      ]) {
        await writeFile(record, JSON.stringify({ version: 3, backend }));
        await expect(checkBackend(of.dir, "")).rejects.toThrow(/backend/);
      }
    });
  });
}

test("the record's hash is the one that both tools were seen to write", () => {
  expect(JSON.parse(backendRecord(""))).toEqual({
    version: 3,
    backend: { type: "local", config: { path: "../io/state.tfstate", workspace_dir: null }, hash: 1889775563 },
  });
  expect([statePath("."), statePath("a/./b/")]).toEqual(["../io/state.tfstate", "../../../io/state.tfstate"]);
});

const anyTool = bothTools[0];
if (anyTool) {
  test("a shipped .terraform is removed, and a link in its place is not followed", async () => {
    const scratch = await scratchDir();
    const dir = await createRunDir(join(scratch, "run"));
    await mkdir(join(scratch, "precious"));
    await writeFile(join(scratch, "precious/file"), "kept");
    await symlink(join(scratch, "precious"), join(dir.tree, ".terraform"));
    await equipForPlan({
      dir,
      facts: sandboxes[0] ?? boxed,
      tool: anyTool,
      modulePath: "",
      state: emptyState(LINEAGE),
      variables: null,
      mirror: null,
    });
    expect(await readFile(join(scratch, "precious/file"), "utf8")).toBe("kept");
    await expect(readFile(join(dir.tree, ".terraform/file"))).rejects.toThrow();
  });

  test("a module path that leaves the tree is refused", async () => {
    for (const modulePath of ["..", "../x", "/etc", "a/../../b"]) {
      await expect(world(anyTool, boxed, { "main.tf": RESOURCE }, { modulePath })).rejects.toThrow(/leaves the source tree/);
    }
    await expect(world(anyTool, boxed, { "main.tf": RESOURCE }, { modulePath: "absent" })).rejects.toThrow(/has no folder "absent"/);
  });
}
