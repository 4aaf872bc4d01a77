import { exampleDigest, exampleId, exampleTime } from "../../example.ts";

export const sourceExample = {
  id: exampleId("source"),
  workspace_id: exampleId("workspace"),
  digest: exampleDigest,
  size_bytes: 20_480,
  file_count: 14,
  ignored_count: 3,
  created_at: exampleTime(),
};
