import { z } from "zod";
import { idOf } from "../fields.ts";
import { GitSource, GitSourceInput } from "./git.ts";
import { isSafePath } from "./module-path.ts";

const MiB = 1024 * 1024;
const utf8 = new TextEncoder();
const ancestors = (path: string) =>
  path
    .split("/")
    .slice(0, -1)
    .map((_, i, parts) => parts.slice(0, i + 1).join("/"));

const files = z.record(z.string(), z.string()).superRefine((given, context) => {
  const paths = Object.keys(given);
  const wrong = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  if (paths.length === 0) context.addIssue({ code: "custom", message: "at least one file is needed" });
  if (paths.length > 1_000) context.addIssue({ code: "custom", message: "at most 1,000 files" });
  for (const path of paths.slice(0, 1_000)) {
    if (!isSafePath(path))
      wrong(path, "is not a relative path inside the module: no leading /, no . or .. segments, no backslash, at most 512 characters");
    else if (path.split("/").includes(".terraform")) wrong(path, ".terraform belongs to the tool");
  }
  const folded = new Map<string, string>();
  for (const path of paths.slice(0, 1_000)) {
    const twin = folded.get(path.toLowerCase());
    if (twin !== undefined) wrong(path, `differs from ${twin} only in upper and lower case`);
    folded.set(path.toLowerCase(), path);
    const parent = ancestors(path).find((above) => Object.hasOwn(given, above));
    if (parent !== undefined) wrong(path, `${parent} is a file, so that nothing can lie below it`);
  }
  if (Object.values(given).reduce((total, text) => total + utf8.encode(text).length, 0) > MiB)
    context.addIssue({ code: "custom", message: "the files are larger than 1 MiB in all: upload an archive instead" });
});

const InlineInput = z.strictObject({ kind: z.literal("inline"), files });
const UploadInput = z.strictObject({ kind: z.literal("upload"), source_id: idOf("source") });
export const SourceInput = z.discriminatedUnion("kind", [InlineInput, UploadInput, GitSourceInput]);

const bytes = { digest: z.string(), size_bytes: z.int(), paths: z.array(z.string()) };
/** The source as it is shown: what it is and its digest, never its bytes, and no credential. `paths` are the first 1,000. */
export const Source = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("inline"), ...bytes }),
  z.object({ kind: z.literal("upload"), source_id: z.string(), ...bytes }),
  GitSource,
]);
