import { exampleDigest, exampleEvent, exampleId, exampleTime } from "../../example.ts";

export const stateVersionExample = {
  id: exampleId("state_version"),
  capsule_id: exampleId("capsule"),
  serial: 4,
  lineage: "0b5c9a3e-6f1d-4c52-9d0e-7a1f3b2c4d5e",
  digest: exampleDigest,
  size_bytes: 1_417,
  resource_count: 1,
  run_id: exampleId("run"),
  origin: "run",
  actor: null,
  rolled_back_to: null,
  created_at: exampleTime(60),
};

export const outputExample = { name: "hello", type: "string", value: "hello", sensitive: false };

export const auditEventExample = {
  id: exampleEvent,
  sequence: 42,
  workspace_id: exampleId("workspace"),
  actor: { id: exampleId("user"), kind: "user", name: "Ada" },
  action: "run.approved",
  target: { type: "run", id: exampleId("run") },
  capsule_id: exampleId("capsule"),
  run_id: exampleId("run"),
  metadata: { kind: "plan", mode: "normal" },
  request_id: "req_8f3a1c000001",
  address: "192.0.2.7",
  user_agent: "takosumi-cli/0.1.0",
  before_digest: null,
  after_digest: exampleDigest,
  hash: exampleDigest.slice("sha256:".length),
  previous_hash: exampleDigest.slice("sha256:".length),
  created_at: exampleTime(60),
};
