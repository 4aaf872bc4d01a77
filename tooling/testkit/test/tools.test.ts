import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { tofuVersion, tools } from "../src/tools.ts";

test.runIf(tools.tofu)("the tofu of the tests is the pinned one", () => {
  const { stdout } = spawnSync(tools.tofu as string, ["version", "-json"], { env: {}, encoding: "utf8" });
  expect(JSON.parse(stdout)).toMatchObject({ terraform_version: tofuVersion });
});

test.runIf(tools.terraform)("terraform answers", () => {
  const { stdout } = spawnSync(tools.terraform as string, ["version", "-json"], { env: { CHECKPOINT_DISABLE: "1" }, encoding: "utf8" });
  expect(JSON.parse(stdout).terraform_version).toMatch(/^\d+\.\d+\.\d+/);
});
