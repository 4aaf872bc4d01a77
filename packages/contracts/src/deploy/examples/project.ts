import { exampleId, exampleTime } from "../../example.ts";

export const projectExample = {
  id: exampleId("project"),
  workspace_id: exampleId("workspace"),
  name: "Payments",
  slug: "payments",
  description: "What takes money.",
  policy: { plan_ttl: "12h" },
  created_at: exampleTime(),
  updated_at: exampleTime(),
};
