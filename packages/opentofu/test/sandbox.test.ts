import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { startPhase } from "../src/phase.ts";
import { readProduced } from "../src/produced.ts";
import {
  apply,
  bothTools,
  boxed,
  cacheDir,
  init,
  plan,
  removeScratch,
  runShell,
  sandboxes,
  tofu,
  unboxed,
  type World,
  world,
} from "./world.ts";

afterAll(removeScratch);
const MODULE = {
  "main.tf": 'variable "g" {}\nresource "terraform_data" "a" { input = var.g }\noutput "o" { value = terraform_data.a.output }\n',
};
const anyTool = bothTools[0];

async function inside(of: World, script: string, step = {}): Promise<string> {
  const { stdout, stderr } = await runShell(of, script, step);
  return stdout.toString() + stderr.toString();
}

for (const tool of bothTools) {
  for (const facts of sandboxes) {
    test(`${tool.name} in ${facts.kind}: plans without init, applies that plan, and init accepts the same directory`, async () => {
      const of = await world(tool, facts, MODULE, { variables: { g: "hello" } });
      expect((await plan(of, { variables: true })).exit).toEqual({ code: 2, signal: null });
      const applied = await apply(of, { variables: true });
      expect([applied.exit.code, applied.stderr.toString()]).toEqual([0, ""]);
      expect(applied.stdout.toString()).toContain("hello");
      expect((await init(of)).exit.code).toBe(0);
    });
  }
}

test("what this machine isolates is said, and why not where it does not", () => {
  expect(boxed.reason === null).toBe(boxed.kind === "bubblewrap");
});

if (anyTool && boxed.kind === "bubblewrap") {
  describe("what the payload sees", () => {
    test("an unprivileged user without capabilities, who can gain none", async () => {
      const of = await world(anyTool, boxed, MODULE);
      const status = await inside(of, "cat /proc/self/status; id -u; id -un");
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) expect(status).toMatch(new RegExp(`^${set}:\\s0000000000000000$`, "m"));
      expect(status).toMatch(/^NoNewPrivs:\s1$/m);
      expect(boxed.uid).not.toBe(0);
      expect(status).toMatch(new RegExp(`^${boxed.uid}\nrun$`, "m"));
      if (boxed.setpriv) expect(status).toMatch(/^CapBnd:\s0000000000000000$/m);
    });

    test("nothing of this machine's accounts, homes and processes", async () => {
      const of = await world(anyTool, boxed, MODULE);
      expect((await inside(of, "ls -A /")).trim().split("\n").sort()).toEqual([
        "bin",
        "ctl",
        "data",
        "dev",
        "etc",
        "io",
        "lib",
        "lib64",
        "opt",
        "proc",
        "sbin",
        "tmp",
        "usr",
        "work",
      ]);
      expect(await inside(of, "cat /etc/shadow")).toContain("No such file");
      expect(await inside(of, "wc -l < /etc/passwd")).toBe("1\n");
      // pid 1 is bwrap, 2 is the payload, and ls or a shell beside it.
      const pids = (await inside(of, "ls /proc")).split("\n").filter((name) => /^\d+$/.test(name));
      expect(pids.length).toBeLessThanOrEqual(4);
      // As an ordinary user pid 1 is that user's too: bwrap, which was never given the payload's environment.
      expect(await inside(of, "cat /proc/1/environ", { env: { MY_TOKEN: "secret-value-3" } })).not.toContain("secret-value-3");
    });

    test("writable: its tree, io and temporary files, and nothing else", async () => {
      const of = await world(anyTool, boxed, MODULE);
      const tried = await inside(
        of,
        "for d in / /usr /etc /opt /ctl /data /work /io /tmp; do if touch $d/new 2>/dev/null; then echo $d; fi; done",
      );
      expect(tried.trim().split("\n")).toEqual(["/work", "/io", "/tmp"]);
      expect(await inside(of, "for d in /data; do touch $d/new && echo yes; done", { box: { dataWritable: true } })).toBe("yes\n");
      expect(await inside(of, "mount -o remount,rw,bind / && echo escaped")).not.toContain("escaped");
      expect(await inside(of, "mount -t tmpfs x /usr && echo escaped")).not.toContain("escaped");
    });

    test("only the environment it was given, and no open descriptor beyond the usual three", async () => {
      const of = await world(anyTool, boxed, MODULE);
      const env = await inside(of, "env", { env: { MY_TOKEN: "secret-value-1" } });
      const names = env
        .trim()
        .split("\n")
        .map((line) => line.split("=")[0]);
      const expected =
        "CHECKPOINT_DISABLE GOGC GOMEMLIMIT HOME LANG MY_TOKEN PATH PWD TF_CLI_CONFIG_FILE TF_DATA_DIR TF_INPUT TF_IN_AUTOMATION";
      expect(names.sort().filter((name) => name !== "_" && name !== "OLDPWD")).toEqual(expected.split(" "));
      expect((await inside(of, "ls /proc/$$/fd")).split("\n").filter((fd) => Number(fd) > 2 && Number(fd) < 10)).toEqual([]);
    });

    test("no network but its own where it is cut off", async () => {
      const of = await world(anyTool, boxed, MODULE);
      expect((await inside(of, "cat /proc/net/dev")).match(/^\s*\w+:/gm)?.map((name) => name.trim())).toEqual(["lo:"]);
    });

    test("limits hold", async () => {
      const of = await world(anyTool, boxed, MODULE);
      const limits = { openFiles: 200, fileSize: 1 << 20 };
      expect(await inside(of, "ulimit -n; ulimit -f; ulimit -c", { box: { limits } })).toBe("200\n2048\n0\n");
    });
  });
}

if (anyTool) {
  test("a secret stands in no argument list and in no other process's environment", async () => {
    const of = await world(anyTool, boxed, MODULE);
    const env = { PATH: "/usr/bin:/bin", TF_DATA_DIR: of.seen.data, MY_TOKEN: "secret-value-2" };
    const phase = await startPhase({
      dir: of.dir,
      name: "shell",
      box: of.box,
      env,
      cwd: of.seen.module,
      argv: ["/bin/sh", "-c", "echo on; read x < /proc/self/nothing; sleep 30"],
    });
    const shell = await readFile(`/proc/${phase.facts.pid}/cmdline`, "latin1");
    const shellEnv = await readFile(`/proc/${phase.facts.pid}/environ`, "latin1");
    await phase.kill();
    await phase.wait();
    expect(shell).not.toContain("secret-value-2");
    if (boxed.kind === "bubblewrap") expect(shellEnv).not.toContain("secret-value-2");
  });

  test("a file that the payload replaced by a link is not read", async () => {
    const of = await world(anyTool, unboxed, MODULE);
    await writeFile(join(of.dir.root, "elsewhere"), "secret");
    await symlink(join(of.dir.root, "elsewhere"), join(of.dir.io, "plan"));
    await expect(readProduced(join(of.dir.io, "plan"), 100)).rejects.toThrow(/cannot be read/);
    await expect(readProduced(join(of.dir.root, "elsewhere"), 3)).rejects.toThrow(/at most 3/);
    expect(await readProduced(join(of.dir.io, "absent"), 3)).toBeNull();
  });
}

if (tofu && boxed.kind === "bubblewrap") {
  test("real providers from the mirror: init once, then plan and apply on links into it", async () => {
    const files = {
      "main.tf":
        'resource "time_sleep" "a" { create_duration = "0s" }\nresource "local_file" "b" {\n  filename = "out.txt"\n  content  = time_sleep.a.id\n}\n',
    };
    const of = await world(tool(), boxed, files, { mirror: join(cacheDir, "mirror") });
    expect((await init(of)).exit.code).toBe(0);
    expect((await plan(of)).exit.code).toBe(2);
    expect((await apply(of)).exit.code).toBe(0);
    expect((await readFile(join(of.dir.tree, "out.txt"), "utf8")).length).toBeGreaterThan(0);
  });
}

function tool() {
  if (!tofu) throw new Error("registered only where tofu is");
  return tofu;
}
