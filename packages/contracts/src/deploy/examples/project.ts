import { exampleId, exampleTime } from "../../example.ts";

export const projectExample = {
  id: exampleId("project"),
  workspace_id: exampleId("workspace"),
  name: "Payments",
  slug: "payments",
  description: "What takes money.",
  policy: { approvals: 2, separate_author: true },
  created_at: exampleTime(),
  updated_at: exampleTime(),
};
