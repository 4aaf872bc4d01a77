import { exampleId, exampleTime } from "../../example.ts";

export const artifactExample = {
  id: exampleId("artifact"),
  run_id: exampleId("run"),
  space_id: exampleId("workspace"),
  type: "report",
  title: "What it will cost",
  content: "12.40 a month more than before",
  content_type: "text/plain; charset=utf-8",
  size_bytes: 30,
  file_id: null,
  metadata: '{"currency":"EUR"}',
  created_at: exampleTime(2),
};
