import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Credentials } from "@takosumi/contracts/runner/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FakeApi, type FakeRun } from "./fake-api.ts";
import { hasTofu, mirror, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

const sha = (text: string) => createHash("sha256").update(text).digest("hex");
const key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n";
const account = JSON.stringify({ type: "service_account", private_key_id: "id-0a1b2c3d", private_key: key });
const required = 'terraform {\n  required_providers {\n    probe = { source = "hashicorp/probe" }\n  }\n}\n';
const looks = `${required}
data "probe_seen" "plan" {}
resource "probe_seen" "apply" {}
output "plan" { value = data.probe_seen.plan }
output "apply" { value = probe_seen.apply }
`;
const given = (phase: "plan" | "apply"): Credentials => ({
  env: [
    { name: "CLOUD_TOKEN", value: `token-of-the-${phase}`, sensitive: true },
    { name: "CLOUD_REGION", value: "eu-central-1", sensitive: false },
  ],
  files: [
    {
      path: "conn_1/deep/key.json",
      content: phase === "plan" ? '{"token":"reads-only-1"}' : account,
      env_name: "CLOUD_FILE",
      sensitive: true,
    },
    { path: "conn_1/ca.pem", content: "public", env_name: null, sensitive: false },
  ],
  arguments: [],
});
const nothing = (): Credentials => ({ env: [], files: [], arguments: [] });
type Seen = Record<"env" | "files" | "below" | "arguments", Record<string, string>>;
const seen = (run: FakeRun): Record<string, Seen> => {
  const { outcome } = run;
  if (outcome?.result !== "applied") throw new Error(JSON.stringify(outcome));
  return Object.fromEntries((outcome.state?.outputs ?? []).map(({ name, value }) => [name, value as Seen]));
};
/** Names beyond those that every provider process has. */
const beyond = (one: Seen | undefined, base: Seen | undefined) =>
  Object.keys(one?.env ?? {}).filter((name) => !Object.hasOwn(base?.env ?? {}, name));

describe.runIf(hasTofu && existsSync(join(mirror, "registry.opentofu.org/hashicorp/probe")))("credentials", () => {
  const api = new FakeApi();
  let runner: RunnerProcess;
  beforeAll(async () => {
    await api.start();
    runner = new RunnerProcess(api, await runnerDir());
    await runner.ready;
  });
  afterAll(async () => {
    await runner.end("SIGTERM");
    await api.stop();
    await removeDirs();
  });
  const planned = async (files: Record<string, string>, credentials: FakeApi["credentials"] = given) => {
    api.bound = true;
    api.credentials = credentials;
    const plan = await api.plan({ files });
    const outcome = await plan.ended();
    if (outcome.result !== "planned") throw new Error(`${JSON.stringify(outcome)} ${runner.output.slice(-1500)}`);
    return plan;
  };
  const applied = async (plan: FakeRun) => {
    const apply = api.apply(plan);
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    return apply;
  };

  it("gives each phase its own, by name and digest, and nothing else", async () => {
    const base = seen(await applied(await planned({ "main.tf": looks }, nothing)));
    const all = seen(await applied(await planned({ "main.tf": looks })));
    for (const phase of ["plan", "apply"] as const) {
      const { env, files } = given(phase);
      expect(beyond(all[phase], base[phase]).toSorted()).toEqual(["CLOUD_FILE", "CLOUD_REGION", "CLOUD_TOKEN"]);
      for (const { name, value } of env) expect(all[phase]?.env[name]).toBe(sha(value));
      expect(all[phase]?.files.CLOUD_FILE).toBe(sha(files[0]?.content ?? ""));
      expect(all[phase]?.below).toEqual(Object.fromEntries(files.map(({ path, content }) => [path, sha(content)])));
      expect(base[phase]?.below).toEqual({});
    }
  });

  it("gives init, show and every other command nothing, though module code runs in them", async () => {
    const heard: string[] = [];
    const listener = createServer((socket) => {
      let text = "";
      socket.on("data", (chunk) => (text += chunk)).on("close", () => heard.push(text));
    });
    await new Promise<void>((done) => listener.listen(0, "127.0.0.1", done));
    const { port } = listener.address() as AddressInfo;
    const witness = `exec 3<>/dev/tcp/127.0.0.1/${port}
printf '%s|%s|%s' "$(tr '\\0' ' ' < /proc/$PPID/cmdline | cut -d' ' -f2,3)" "$(env | grep -c ^CLOUD_)" "$(ls /credentials 2>/dev/null | wc -l)" >&3
exec 3>&-
echo '{"magic":"OpenTofu-External-Key-Provider","version":1}'
cat > /dev/null
echo '{"keys":{"encryption_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}'
`;
    const encryption = `terraform {
  encryption {
    key_provider "external" "witness" { command = ["/bin/bash", "\${path.module}/witness.sh"] }
    method "aes_gcm" "m" { keys = key_provider.external.witness }
    state {
      method = method.aes_gcm.m
      fallback { method = method.unencrypted.u }
    }
    method "unencrypted" "u" {}
  }
}
`;
    await planned({ "main.tf": looks, "encryption.tf": encryption, "witness.sh": witness });
    listener.close();
    const commands = heard.map((line) => line.split("|")).map(([command = "", env, files]) => `${command.split(" ")[0]} ${env} ${files}`);
    const of = (name: string) => commands.filter((line) => line.startsWith(`${name} `));
    expect(of("init").length).toBeGreaterThan(0);
    expect(of("show").length).toBeGreaterThan(0);
    expect(commands.filter((line) => !line.startsWith("plan ") && !line.endsWith(" 0 0"))).toEqual([]);
    expect(of("plan")).toContain("plan 3 1");
  });

  it("hides every secret value and what is secret inside it, in logs, plans and outputs, and shows what is none", async () => {
    const print = 'echo in $CLOUD_REGION; echo $CLOUD_TOKEN; cat "$CLOUD_FILE"; echo id-0a1b2c3d; echo MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
    const module = `${looks}resource "terraform_data" "p" {
  depends_on = [probe_seen.apply]
  input      = "token-of-the-apply"
  provisioner "local-exec" {
    command = ${JSON.stringify(print)}
  }
}
output "leak" { value = "token-of-the-apply and id-0a1b2c3d" }
`;
    const plan = await planned({ "main.tf": module });
    const apply = await applied(plan);
    expect(apply.log).toContain("in eu-central-1");
    expect(apply.log).toContain("[redacted CLOUD_TOKEN]");
    expect(apply.log).toContain("[redacted CLOUD_FILE]");
    expect(seen(apply).leak).toBe("[redacted CLOUD_TOKEN] and [redacted CLOUD_FILE]");
    const told = JSON.stringify([apply.events, apply.outcome]);
    for (const secret of ["token-of-the-apply", "id-0a1b2c3d", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"]) expect(told).not.toContain(secret);
    expect(JSON.stringify([plan.events, plan.outcome])).not.toContain("token-of-the-plan");
    expect(runner.output).not.toMatch(/token-of-the|reads-only-1|id-0a1b2c3d/);
  });

  it("leaves no file behind when a phase ends, whichever way", async () => {
    const plan = await planned({ "main.tf": looks });
    const root = join(runner.dir, "runs", plan.id);
    expect((await readdir(root)).toSorted()).not.toContain("credentials");
    await expect.poll(() => readdir(join(root, "ctl")), { timeout: 20_000 }).toEqual([]);
    for (const name of await readdir(root, { recursive: true }))
      expect(await readFile(join(root, name), "utf8").catch(() => "")).not.toMatch(/token-of-the|reads-only-1/);
    const failing = await api.plan({ files: { "main.tf": `${looks}resource "probe_seen" "no" { nothing = 1 }\n` } });
    expect(await failing.ended()).toMatchObject({ result: "failed" });
    const slow = await planned({
      "main.tf": `${looks}resource "terraform_data" "s" {\n  provisioner "local-exec" { command = "echo begun; sleep 60" }\n}\n`,
    });
    const apply = api.apply(slow);
    await apply.until("begun", (run) => run.log.includes("begun"));
    expect(await readdir(join(runner.dir, "runs", slow.id, "credentials/conn_1"))).toEqual(["ca.pem", "deep"]);
    apply.cancel = "enough";
    expect(await apply.ended()).toMatchObject({ result: "cancelled" });
    const left = () => readdir(join(runner.dir, "runs"));
    await expect.poll(left, { timeout: 20_000 }).not.toContain(slow.id);
    expect(await left()).not.toContain(failing.id);
  });

  it("hides the very values that a running apply was given, after its runner was killed", async () => {
    let times = 0;
    const fresh = (phase: "plan" | "apply"): Credentials => ({
      ...given(phase),
      env: [{ name: "CLOUD_TOKEN", value: `temporary-${phase}-${++times}`, sensitive: true }],
    });
    const module = `${looks}resource "terraform_data" "s" {\n  provisioner "local-exec" { command = "echo begun; sleep 3; echo again $CLOUD_TOKEN" }\n}\n`;
    const own = new RunnerProcess(api, await runnerDir());
    await own.ready;
    await runner.end("SIGTERM");
    const apply = api.apply(await planned({ "main.tf": module }, fresh));
    await apply.until("begun", (run) => run.log.includes("begun"));
    await own.end("SIGKILL");
    runner = new RunnerProcess(api, own.dir);
    await runner.ready;
    expect(await apply.ended()).toMatchObject({ result: "applied" });
    expect(apply.log).toContain("again [redacted CLOUD_TOKEN]");
    expect(JSON.stringify(apply.events)).not.toContain("temporary-apply");
    expect(apply.calls.filter((call) => call === "credentials")).toHaveLength(1);
    await expect.poll(() => readdir(join(runner.dir, "runs")), { timeout: 20_000 }).toEqual([]);
  });

  it("gives two configurations of one provider two connections, with no secret in plan or snapshot", async () => {
    const module = `${required}provider "probe" {
  alias  = "b"
  region = "own-region"
}
resource "probe_seen" "a" {}
resource "probe_seen" "b" { provider = probe.b }
output "a" { value = probe_seen.a }
output "b" { value = probe_seen.b }
`;
    const provider = "registry.opentofu.org/hashicorp/probe";
    const two = (phase: "plan" | "apply"): Credentials => ({
      env: [],
      files: ["a", "b"].map((id) => ({
        path: `conn_${id}/credentials`,
        content: `secret-of-${id}-at-${phase}`,
        env_name: null,
        sensitive: true,
      })),
      arguments: [null, "b"].map((alias) => ({
        provider,
        alias,
        set: [{ name: "shared_credentials_files", yields: false, files: [`conn_${alias ?? "a"}/credentials`] }],
      })),
    });
    const plan = await planned({ "main.tf": module }, two);
    expect(plan.requirements).toEqual([
      { provider, alias: null, builtin: false, settable: true },
      { provider, alias: "b", builtin: false, settable: true },
    ]);
    for (const kind of ["plan", "work"]) expect(plan.artifacts[kind]?.at(-1)?.bytes.includes("secret-of-")).toBe(false);
    const { a, b } = seen(await applied(plan));
    expect(a?.files.shared_credentials_files).toBe(sha("secret-of-a-at-apply"));
    expect(b?.files.shared_credentials_files).toBe(sha("secret-of-b-at-apply"));
    expect(b?.arguments.region).toBe("own-region");
  });
});
