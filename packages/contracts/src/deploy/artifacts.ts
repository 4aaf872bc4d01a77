import { z } from "zod";
import { can } from "../access.ts";
import { download, family, get, post } from "../define.ts";
import { nextCursor, opaqueId, paging, timestamp } from "../fields.ts";
import { artifactExample } from "./examples/artifact.ts";

const MiB = 1024 * 1024;
/** Characters of a content that is given and answered as JSON. */
export const inlineContent = MiB;

export const Artifact = z
  .object({
    id: opaqueId,
    run_id: opaqueId,
    space_id: opaqueId,
    type: z.enum(["code", "config", "doc", "patch", "report", "other"]),
    title: z.string().nullable(),
    /** Null in lists, and where it is larger than 1 MiB: `/content` has it whole. */
    content: z.string().nullable(),
    content_type: z.string(),
    size_bytes: z.int().nullable(),
    file_id: opaqueId.nullable(),
    /** A JSON object as text. */
    metadata: z.string(),
    created_at: timestamp,
  })
  .meta({ id: "Artifact", examples: [artifactExample] });
const oneArtifact = z.object({ artifact: Artifact });

const metadata = z
  .record(z.string().max(128), z.unknown())
  .refine((given) => JSON.stringify(given).length <= 10_000, { error: "is longer than 10,000 characters as JSON" });

export const artifacts = family(
  "artifacts",
  { context: "deploy", about: "What is kept with a Run. A plan Run brings its redacted plan and its log by itself." },
  {
    list: get("/api/runs/:id/artifacts", {
      summary: "Artifacts of a Run, oldest first, without their content",
      access: can("run:read", { run: "id" }),
      query: z.object(paging),
      output: z.object({ artifacts: z.array(Artifact), ...nextCursor }),
    }),
    create: post("/api/runs/:id/artifacts", {
      summary: "Keep something with a Run",
      access: can("run:plan", { run: "id" }),
      audit: "artifact.created",
      body: z.strictObject({
        type: Artifact.shape.type,
        title: z.string().trim().min(1).max(200).nullable().optional(),
        content: z.string().max(inlineContent).nullable().optional(),
        file_id: opaqueId.nullable().optional(),
        metadata: metadata.optional(),
      }),
      output: oneArtifact,
      examples: [{ summary: "A report", value: { type: "report", title: "What it will cost", content: "12.40 a month more than before" } }],
      status: 201,
      limit: 5 * MiB,
    }),
    read: get("/api/artifacts/:id", { summary: "An artifact", access: can("run:read", { artifact: "id" }), output: oneArtifact }),
    content: download("/api/artifacts/:id/content", {
      summary: "The content of an artifact, whole",
      access: can("run:read", { artifact: "id" }),
      produces: ["text/plain", "application/json"],
      errors: ["GONE"],
    }),
  },
);
