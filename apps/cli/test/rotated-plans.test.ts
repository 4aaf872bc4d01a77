import { execFile } from "node:child_process";
import { atWork } from "@takosumi/testkit/at-work";
import type { Run } from "@takosumi/testkit/deploy";
import { tools } from "@takosumi/testkit/tools";
import { describe, expect, test } from "vitest";

const main = new URL("../src/main.ts", import.meta.url).pathname;
const files = { "main.tf": 'variable "a" { sensitive = true }\nresource "terraform_data" "a" { input = var.a }\n' };
const variables = [{ name: "a", kind: "tofu", value: "a-value-that-is-sealed", sensitive: true }];

describe.runIf(tools.tofu)("plans that wait while the data keys are replaced", () => {
  const on = atWork();
  const planned = async (): Promise<Run> => {
    const plan = await on.user.plan(await on.user.capsule(files, { variables }));
    expect(plan).toMatchObject({ status: "planned" });
    return plan;
  };
  const rotate = (...more: string[]) =>
    new Promise<string>((resolve, reject) => {
      const env = { DATABASE_URL: on.api.database.url, TAKOSUMI_DATA_DIR: on.api.dataDir };
      execFile(process.execPath, [main, "admin", "keys", "rotate", "--data", "--wait", "0", ...more], { env }, (error, out, err) =>
        error ? reject(new Error(`${out}${err}`)) : resolve(`${out}${err}`),
      );
    });

  test("are applied afterwards, by the server that knows nothing of it, as are those made then", async () => {
    const [waits, before] = [await planned(), await planned()];
    expect(await on.user.approve(before)).toMatchObject({ status: "succeeded" });
    expect(await rotate()).toMatch(/plans sealed anew: 2\n/);
    // The server seals with the key before for a minute yet, but for what must not be.
    const after = await planned();
    expect(await on.user.approve(waits)).toMatchObject({ status: "succeeded" });
    expect(await on.user.approve(after)).toMatchObject({ status: "succeeded" });
    expect(await rotate()).toMatch(/plans sealed anew: 3\n/);
  });

  test("are refused where the keys before are known to somebody", async () => {
    const waits = await planned();
    expect(await rotate("--leaked")).toContain("plans that wait are refused from now on");
    const refused = await on.user.approve(waits);
    expect(refused).toMatchObject({ status: "failed", error: { code: "SEAL_MISMATCH" } });
    const again = await on.user.plan(refused.capsule_id);
    expect(await on.user.approve(again)).toMatchObject({ status: "succeeded" });
  });
});
