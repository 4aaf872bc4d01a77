import { exampleId, exampleTime } from "../../example.ts";

export const webhookExample = {
  id: exampleId("webhook"),
  space_id: exampleId("workspace"),
  url: "https://hooks.example.com/takosumi",
  events: ["run.approval_needed", "run.failed"],
  active: true,
  failures: 0,
  paused_until: null,
  created_by: { id: exampleId("user"), name: "Ada" },
  created_at: exampleTime(),
  updated_at: exampleTime(),
};

export const deliveryExample = {
  id: exampleId("webhook_delivery"),
  webhook_id: exampleId("webhook"),
  event_id: exampleId("event"),
  type: "run.failed",
  state: "delivered",
  attempts: 1,
  response_status: 204,
  duration_ms: 38,
  error: null,
  redelivery_of: null,
  data: { run_id: exampleId("run"), capsule_name: "web", status: "failed", title: "The apply of web failed" },
  created_at: exampleTime(),
  due_at: null,
  ended_at: exampleTime(1),
};
