import { atWork } from "@takosumi/testkit/at-work";
import { tools } from "@takosumi/testkit/tools";
import { describe, expect, test } from "vitest";

const files = {
  "main.tf": `terraform {
  required_providers {
    time  = { source = "hashicorp/time" }
    local = { source = "hashicorp/local" }
  }
}
resource "time_sleep" "a" { create_duration = "0s" }
resource "local_file" "f" {
  filename = "/tmp/f"
  content  = "x"
}
`,
};
const builtin = { "main.tf": 'resource "terraform_data" "a" {}\n' };

if (tools.tofu && tools.mirror)
  describe("providers that a policy keeps out, with a real api, runner and tofu", () => {
    const on = atWork();
    const under = (policy: object, source: Readonly<Record<string, string>> = files) => on.user.capsule(source, { policy });
    type Binding = { provider: string; status: string; reason: string | null };
    const kept = (run: { provider_bindings: Binding[] }) =>
      run.provider_bindings.filter(({ status }) => status === "blocked_policy").map(({ provider, reason }) => `${provider} ${reason}`);

    test("a denied one blocks the Run, which names the rule, before anything of it is started; a retry after the change goes on", async () => {
      const capsule = await under({ denied_providers: ["*/time"] });
      const blocked = await on.user.plan(capsule);
      expect(blocked).toMatchObject({ status: "blocked", error: { code: "PROVIDER_BLOCKED" } });
      expect(blocked.error.message).toContain("registry.opentofu.org/hashicorp/time is denied by the policy");
      expect(blocked.error.message).toContain("denied_providers */time");
      expect(kept(blocked)).toEqual(["registry.opentofu.org/hashicorp/time provider_denied"]);
      // The configuration is not even shown, for which the tool would start the provider.
      expect(blocked.phases.map(({ name }: { name: string }) => name)).toEqual(["preparing", "initializing"]);
      await on.user.ok("PATCH", `/api/capsules/${capsule}`, { policy: { denied_providers: ["*/aws"] } });
      const { run } = await on.user.ok("POST", `/api/runs/${blocked.id}/retry`, {});
      expect(await on.user.until(run.id)).toMatchObject({ status: "planned" });
    });

    test("with a list of those that are allowed every other one is not, but for what the tool itself brings", async () => {
      const blocked = await on.user.plan(await under({ allowed_providers: ["hashicorp/local", "example/*"] }));
      expect(blocked.status).toBe("blocked");
      expect(kept(blocked)).toEqual(["registry.opentofu.org/hashicorp/time provider_not_allowed"]);
      expect(blocked.error.message).toContain("allowed_providers example/*, hashicorp/local");
      expect((await on.user.plan(await under({ allowed_providers: ["hashicorp/*"] }))).status).toBe("planned");
      expect((await on.user.plan(await under({ allowed_providers: [] }, builtin))).status).toBe("planned");
      expect((await on.user.plan(await under({ denied_providers: ["terraform.io/builtin/*"] }, builtin))).status).toBe("blocked");
    });

    test("a Project's rule holds for its Capsules, and neither level takes back what the other says", async () => {
      const { project } = await on.user.ok("POST", "/api/projects", {
        name: "strict",
        policy: { allowed_providers: ["*/local", "*/time"] },
      });
      const capsule = await on.user.capsule(files, { project_id: project.id, policy: { allowed_providers: ["hashicorp/time", "a/b"] } });
      const { effective_policy } = (await on.user.ok("GET", `/api/capsules/${capsule}`)).capsule;
      expect(effective_policy.allowed_providers).toEqual(["hashicorp/time"]);
      expect(kept(await on.user.plan(capsule))).toEqual(["registry.opentofu.org/hashicorp/local provider_not_allowed"]);
    });
  });
