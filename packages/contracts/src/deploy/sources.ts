import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, upload } from "../define.ts";
import { nextCursor, nothing, opaqueId, paging, timestamp, workspaceId } from "../fields.ts";
import { sourceExample } from "./examples/source.ts";

const MiB = 1024 * 1024;

/** An uploaded module: its digest is that of its files, however they were packed. */
const UploadedSource = z
  .object({
    id: opaqueId,
    workspace_id: opaqueId,
    digest: z.string(),
    size_bytes: z.int(),
    file_count: z.int(),
    /** Left out: what lay below .git and .terraform, and what .terraformignore names. */
    ignored_count: z.int(),
    created_at: timestamp,
  })
  .meta({ id: "Source", examples: [sourceExample] });
const oneSource = z.object({ source: UploadedSource });

export const sources = family(
  "sources",
  { context: "deploy", about: "Uploaded root modules." },
  {
    create: upload.post("/api/sources", {
      summary: "Upload a root module as tar.gz or zip",
      about:
        "Files and folders, at most 100 MiB packed and 256 MiB unpacked. An archive with a link, a device, a path that leaves it, or two names that differ in case only is refused, and the answer names the entry. `.git` and `.terraform` are left out, and what a `.terraformignore` at the root names.",
      access: can("source:write", { workspace: "workspace_id" }),
      audit: "source.created",
      query: z.object({ workspace_id: workspaceId.optional() }),
      accepts: ["application/gzip", "application/zip"],
      limit: 100 * MiB,
      output: oneSource,
      status: 201,
      errors: ["BAD_REQUEST", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE", "UNAVAILABLE"],
    }),
    list: get("/api/sources", {
      summary: "Uploaded sources of a Workspace",
      access: can("capsule:read", { workspace: "workspace_id" }),
      query: z.object({ workspace_id: workspaceId.optional(), ...paging }),
      output: z.object({ sources: z.array(UploadedSource), ...nextCursor }),
    }),
    read: get("/api/sources/:id", {
      summary: "An uploaded source",
      access: can("capsule:read", { source: "id" }),
      output: oneSource,
    }),
    remove: del("/api/sources/:id", {
      summary: "Delete an uploaded source that no Capsule uses",
      access: can("source:write", { source: "id" }),
      audit: "source.deleted",
      output: nothing,
      status: 204,
      errors: ["CONFLICT"],
    }),
  },
);
