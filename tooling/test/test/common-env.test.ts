import { atWork } from "@takosumi/testkit/at-work";
import { tools } from "@takosumi/testkit/tools";
import { describe, expect, test } from "vitest";

if (tools.tofu)
  describe("common-env, with a real api, runner and tofu", () => {
    const on = atWork();

    test("is what a Run's commands see; the Capsule's own wins, and a secret one is hidden in the log", async () => {
      const { user } = on;
      const put = (name: string, value: string, secret = false) => user.ok("PUT", "/api/spaces/me/common-env", { name, value, secret });
      await put("GREETING", "from-the-space");
      await put("REGION", "of-the-space");
      await put("API_KEY", "k3y-0f-the-wh0le-space", true);
      const echo = 'resource "terraform_data" "a" {\n  provisioner "local-exec" { command = "echo $GREETING $REGION $API_KEY" }\n}\n';
      const capsule = await user.capsule({ "main.tf": echo }, { variables: [{ name: "REGION", kind: "env", value: "of-the-capsule" }] });
      const applied = await user.approve(await user.plan(capsule));
      expect(applied.status).toBe("succeeded");
      expect(await user.log(applied)).toContain("from-the-space of-the-capsule [redacted API_KEY]");
      expect(applied.injected_env.map(({ name }: { name: string }) => name)).toEqual(
        expect.arrayContaining(["GREETING", "REGION", "API_KEY"]),
      );
    });
  });
