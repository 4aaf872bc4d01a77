import { exampleDigest, exampleTime } from "../../example.ts";

export const summaryExample = { add: 1, change: 0, destroy: 0, import: 0, move: 0, forget: 0 };

export const changeExample = {
  address: "terraform_data.hello",
  module: null,
  type: "terraform_data",
  name: "hello",
  provider: "terraform.io/builtin/terraform",
  mode: "managed",
  actions: ["create"],
  action_reason: null,
  previous_address: null,
  import_id: null,
  deposed: null,
  attributes: [{ path: "input", before: null, after: "hello", sensitive: false, unknown: false, forces_replacement: false }],
  attributes_truncated: false,
  risk: "low",
  risk_reasons: [],
};

export const diagnosticExample = {
  severity: "error",
  summary: "Unsupported argument",
  detail: 'An argument named "inputs" is not expected here. Did you mean "input"?',
  address: "terraform_data.hello",
  file: "main.tf",
  line: 2,
  snippet: 'resource "terraform_data" "hello" { inputs = var.greeting }',
};

export const planExample = {
  digest: exampleDigest,
  size_bytes: 2_310,
  has_changes: true,
  summary: summaryExample,
  risk: { high: 0, medium: 0, low: 1 },
  resource_changes: [changeExample],
  change_count: 1,
  truncated: false,
  drift: [],
  output_changes: [{ name: "hello", actions: ["create"], before: null, after: null, sensitive: false, unknown: true }],
  checks: [],
  diagnostics: [],
  expires_at: exampleTime(86_402),
};
