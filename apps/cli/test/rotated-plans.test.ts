import { execFile } from "node:child_process";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { deployOn, type Run } from "@takosumi/testkit/deploy";
import { startRunner, type TestRunner } from "@takosumi/testkit/runner";
import { tools } from "@takosumi/testkit/tools";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = new URL("../src/main.ts", import.meta.url).pathname;
const files = { "main.tf": 'variable "a" { sensitive = true }\nresource "terraform_data" "a" { input = var.a }\n' };
const variables = [{ name: "a", kind: "tofu", value: "a-value-that-is-sealed", sensitive: true }];

describe.runIf(tools.tofu)("plans that wait while the data keys are replaced", () => {
  let api: TestApi;
  let runner: TestRunner;
  let user: ReturnType<typeof deployOn>;
  beforeAll(async () => {
    api = await startApi();
    runner = await startRunner(api);
    user = deployOn(api.call);
  });
  afterAll(async () => {
    await runner?.close();
    await api?.close();
  });
  const planned = async (): Promise<Run> => {
    const plan = await user.plan(await user.capsule(files, { variables }));
    expect(plan).toMatchObject({ status: "planned" });
    return plan;
  };
  const rotate = (...more: string[]) =>
    new Promise<string>((resolve, reject) => {
      const env = { DATABASE_URL: api.database.url, TAKOSUMI_DATA_DIR: api.dataDir };
      execFile(process.execPath, [main, "admin", "keys", "rotate", "--data", "--wait", "0", ...more], { env }, (error, out, err) =>
        error ? reject(new Error(`${out}${err}`)) : resolve(`${out}${err}`),
      );
    });

  test("are applied afterwards, by the server that knows nothing of it, as are those made then", async () => {
    const [waits, before] = [await planned(), await planned()];
    expect(await user.approve(before)).toMatchObject({ status: "succeeded" });
    expect(await rotate()).toMatch(/plans sealed anew: 2\n/);
    // The server seals with the key before for a minute yet, but for what must not be.
    const after = await planned();
    expect(await user.approve(waits)).toMatchObject({ status: "succeeded" });
    expect(await user.approve(after)).toMatchObject({ status: "succeeded" });
    expect(await rotate()).toMatch(/plans sealed anew: 3\n/);
  });

  test("are refused where the keys before are known to somebody", async () => {
    const waits = await planned();
    expect(await rotate("--leaked")).toContain("plans that wait are refused from now on");
    const refused = await user.approve(waits);
    expect(refused).toMatchObject({ status: "failed", error: { code: "SEAL_MISMATCH" } });
    const again = await user.plan(refused.capsule_id);
    expect(await user.approve(again)).toMatchObject({ status: "succeeded" });
  });
});
