import { exampleId, exampleTime } from "../../example.ts";

export const runnerExample = {
  id: exampleId("runner"),
  name: "prod-2",
  pool: "prod",
  pool_id: exampleId("runner_pool"),
  workspace_id: exampleId("workspace"),
  version: "0.1.0",
  status: "online",
  slots: { total: 2, busy: 1 },
  tools: [{ name: "opentofu", version: "1.12.6" }],
  sandbox: { kind: "bubblewrap", not_isolated: ["network"] },
  registered_at: exampleTime(),
  last_seen_at: exampleTime(60),
};

export const runnerPoolExample = {
  id: exampleId("runner_pool"),
  workspace_id: exampleId("workspace"),
  name: "prod",
  runners: { online: 2, total: 3 },
  created_at: exampleTime(),
};

export const runnerTokenExample = {
  id: exampleId("runner_token"),
  pool_id: exampleId("runner_pool"),
  name: "prod machines",
  created_by: { id: exampleId("user"), name: "Ada" },
  created_at: exampleTime(),
  revoked_at: null,
};
