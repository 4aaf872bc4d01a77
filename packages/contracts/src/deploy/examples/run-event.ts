import { exampleId, exampleTime } from "../../example.ts";

export const runEventExample = { type: "log", at: exampleTime(2), text: "terraform_data.hello: Creating...\n" };

export const eventRecordExample = {
  id: 7,
  event_id: "7",
  run_id: exampleId("run"),
  type: "log",
  data: JSON.stringify(runEventExample),
  created_at: exampleTime(2),
};

export const listedRunExample = {
  type: "run",
  run: {
    id: exampleId("run"),
    workspace_id: exampleId("workspace"),
    project_id: exampleId("project"),
    capsule_id: exampleId("capsule"),
    kind: "plan",
    status: "running",
    phase: "planning",
    updated_at: exampleTime(2),
  },
};
