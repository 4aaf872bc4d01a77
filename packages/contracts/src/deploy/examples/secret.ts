import { exampleId, exampleTime } from "../../example.ts";

export const secretExample = {
  id: exampleId("secret"),
  workspace_id: exampleId("workspace"),
  name: "DB_PASSWORD",
  created_at: exampleTime(),
  updated_at: exampleTime(),
};
