import { exampleDigest, exampleId, exampleTime } from "../../example.ts";

export const mainTf = `variable "greeting" { type = string }
resource "terraform_data" "hello" { input = var.greeting }
output "hello" { value = terraform_data.hello.output }
`;

export const capsuleExample = {
  id: exampleId("capsule"),
  workspace_id: exampleId("workspace"),
  project_id: exampleId("project"),
  name: "web",
  status: "active",
  source: { kind: "inline", digest: exampleDigest, size_bytes: 2_048, paths: ["main.tf"] },
  module_path: ".",
  module_credentials: [],
  tool: { name: "opentofu", version: "1.12.6" },
  state_tool: { name: "opentofu", version: "1.12.6" },
  variables: [
    { name: "greeting", kind: "tofu", value: "hello", secret_id: null, sensitive: false },
    { name: "DB_PASSWORD", kind: "env", value: null, secret_id: exampleId("secret"), sensitive: true },
  ],
  provider_bindings: [{ provider: "hashicorp/aws", alias: null, connection_id: exampleId("connection") }],
  policy: { timeout: "1h", denied_providers: ["hashicorp/external"] },
  effective_policy: {
    approvals: 2,
    separate_author: true,
    auto_apply: "never",
    destroy_role: "admin",
    plan_ttl: "24h",
    timeout: "1h",
    allowed_providers: null,
    denied_providers: ["hashicorp/external"],
    runner_pools: [],
  },
  config_revision: 3,
  resource_count: 1,
  current_state_version_id: exampleId("state_version"),
  latest_run_id: exampleId("run"),
  lock: null,
  created_at: exampleTime(),
  updated_at: exampleTime(60),
};
