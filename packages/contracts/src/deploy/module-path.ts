import { z } from "zod";

const safe = /^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))(?!.*\/\/)[^\0\\]{1,512}(?<!\/)$/;

/** A relative path inside a tree: no leading /, no . or .. segment, no backslash, at most 512 characters. */
export const isSafePath = (path: string): boolean => safe.test(path);

/** A path below the root of the module: relative, without `.` or `..`, with forward slashes. */
export const ModulePath = z
  .string()
  .max(512)
  .refine((path) => path === "" || path === "." || isSafePath(path), {
    error: "must be a relative path inside the source, without . or .. segments",
  })
  .transform((path) => (path === "" ? "." : path));
