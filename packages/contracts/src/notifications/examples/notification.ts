import { exampleId, exampleTime } from "../../example.ts";

export const notificationExample = {
  id: exampleId("notification"),
  user_id: exampleId("user"),
  space_id: exampleId("workspace"),
  type: "run.approval_needed",
  title: "The plan of web waits for approval",
  body: "2 to add, 1 to change, 0 to destroy",
  data: { run_id: exampleId("run"), capsule_id: exampleId("capsule") },
  read_at: null,
  created_at: exampleTime(),
};

export const preferencesExample = { "run.failed": { in_app: true, email: true, push: false } };
