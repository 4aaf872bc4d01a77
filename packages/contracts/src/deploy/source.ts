import { z } from "zod";

const MiB = 1024 * 1024;
const safePath = /^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))(?!.*\/\/)[^\0\\]{1,512}(?<!\/)$/;

/** A path below the root of the module: relative, without `.` or `..`, with forward slashes. */
export const ModulePath = z
  .string()
  .max(512)
  .refine((path) => path === "" || path === "." || safePath.test(path), {
    error: "must be a relative path inside the source, without . or .. segments",
  })
  .transform((path) => (path === "" ? "." : path));

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
    if (!safePath.test(path))
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

export const SourceInput = z.discriminatedUnion("kind", [z.strictObject({ kind: z.literal("inline"), files })]);

/** The source as it is shown: what it is and its digest, never its bytes. */
export const Source = z.object({
  kind: z.enum(["inline"]),
  digest: z.string().nullable(),
  size_bytes: z.int().nullable(),
  paths: z.array(z.string()),
});
