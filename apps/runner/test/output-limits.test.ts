import { afterEach, describe, expect, it } from "vitest";
import { FakeApi, type FakeRun } from "./fake-api.ts";
import { hasTerraform, hasTofu, RunnerProcess, removeDirs, runnerDir } from "./runner-process.ts";

const printing = (command: string) =>
  `resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "${command}" }\n}\noutput "o" { value = "told" }\n`;
const logBytes = 40_000;
const lines = 20_000;
/** What the provisioner prints, as the log has it. */
const printed = Array.from({ length: lines }, (_, at) => `terraform_data.a (local-exec): ${at + 1}\n`).join("");

describe("the log of a Run that writes more than its log keeps", () => {
  const open: { end(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) await one.end();
    await removeDirs();
  });
  const applied = async (command: string, tool: string, env: Record<string, string> = {}): Promise<FakeRun> => {
    const api = new FakeApi();
    await api.start();
    const given = { TAKOSUMI_RUN_OUTPUT_BYTES: String(logBytes), TAKOSUMI_CANCEL_GRACE_SECONDS: "5", ...env };
    const runner = new RunnerProcess(api, await runnerDir(), given);
    open.push({ end: () => runner.end("SIGTERM") }, { end: () => api.stop() });
    const plan = await api.plan({
      files: { "main.tf": printing(command) },
      tool: { name: tool, version: null, digest: null, least: null },
    });
    await plan.ended();
    const apply = api.apply(plan);
    await apply.ended();
    return apply;
  };
  /** The log before the gap, what is said of it, and the log behind it. */
  const parts = (log: string) => {
    const [, head = "", bytes, missing, end = ""] =
      /^([^]*)\n\(this Run wrote more [^\n]*\)\n\((\d+) bytes, (\d+) lines, are missing here\)\n([^]*)$/.exec(log) ?? [];
    return { head, bytes: Number(bytes), lines: Number(missing), end };
  };

  it.runIf(hasTofu)("has its beginning and its end, and says between them how much is missing; the Run goes on", async () => {
    const apply = await applied(`seq ${lines}`, "opentofu");
    expect(apply.outcome).toMatchObject({ result: "applied", summary: { add: 1 } });
    const { head, bytes, lines: missing, end } = parts(apply.log);
    expect(head).toContain("terraform_data.a (local-exec): 1\nterraform_data.a (local-exec): 2\n");
    expect(end).toContain(`terraform_data.a (local-exec): ${lines}\n`);
    expect(end).toMatch(/Apply complete![^]*o = "told"\n$/);
    expect(Buffer.byteLength(end)).toBeLessThanOrEqual(logBytes / 4);
    const told = printed.slice(printed.indexOf(head.slice(head.indexOf("terraform_data.a (local-exec): 1\n"))), printed.length);
    const first = head.slice(head.indexOf("terraform_data.a (local-exec): 1\n"));
    const last = end.slice(0, end.lastIndexOf("terraform_data.a (local-exec): ") + `terraform_data.a (local-exec): ${lines}\n`.length);
    expect(told.startsWith(first)).toBe(true);
    expect(told.endsWith(last)).toBe(true);
    expect(bytes).toBe(told.length - first.length - last.length);
    expect(missing).toBe(told.slice(first.length, told.length - last.length).split("\n").length - 1);
    expect(apply.events.filter(({ type }) => type === "resource").length).toBeGreaterThanOrEqual(2);
  });

  it.runIf(hasTofu)("says what failed, however much was printed before", async () => {
    const apply = await applied(`seq ${lines}; exit 3`, "opentofu");
    expect(apply.outcome).toMatchObject({ result: "failed", error: { code: "APPLY_FAILED" }, state: expect.anything() });
    expect(apply.events.find(({ type }) => type === "diagnostic")).toMatchObject({ diagnostic: { severity: "error" } });
    expect(parts(apply.log).end).toContain("Error: local-exec provisioner error");
  });

  it.runIf(hasTerraform)("is the same where the text is made from events", async () => {
    const apply = await applied(`seq ${lines}`, "terraform");
    expect(apply.outcome).toMatchObject({ result: "applied" });
    const { head, bytes, end } = parts(apply.log);
    expect(head).toContain("(local-exec): 1\n");
    expect(bytes).toBeGreaterThan(0);
    expect(end).toMatch(new RegExp(`\\(local-exec\\): ${lines}\\n[^]*o = "told"\\n$`));
  });

  it.runIf(hasTofu)("interrupts an apply only at a limit of its own, and says which", async () => {
    const apply = await applied(`seq ${lines}; sleep 600`, "opentofu", { TAKOSUMI_RUN_OUTPUT_STOP_BYTES: "1000000" });
    expect(apply.outcome).toMatchObject({
      result: "failed",
      error: { code: "OUTPUT_LIMIT", message: expect.stringContaining("TAKOSUMI_RUN_OUTPUT_STOP_BYTES") },
    });
    expect(parts(apply.log).end).toContain("(local-exec): ");
  });
});
