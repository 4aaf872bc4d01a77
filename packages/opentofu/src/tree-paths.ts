import { TofuError } from "./errors.ts";

const MOST_BYTES = 1_024;
const MOST_PART_BYTES = 255;

/**
 * A path inside a source tree, or `bad_path` naming it. Relative, forward slashes, no empty, `.` or `..` part, nothing a
 * terminal or a file system reads in two ways, and nothing below `.terraform`, which is the tool's own.
 */
export function checkedPath(path: string): string {
  const problem = problemOf(path) ?? (toolsOwn(path) ? "`.terraform` is the tool's own folder; leave it out" : null);
  if (problem) throw wrongPath(path, problem);
  return path;
}

/** The same of a path in somebody's archive or repository: null for one below `.git` or `.terraform`, which are never taken along. */
export function takenPath(path: string): string | null {
  const problem = problemOf(path);
  if (problem) throw wrongPath(path, problem);
  return toolsOwn(path) || path.split("/").includes(".git") ? null : path;
}

const toolsOwn = (path: string): boolean => path.split("/").includes(".terraform");
const wrongPath = (path: string, problem: string): TofuError =>
  new TofuError("bad_path", `File ${JSON.stringify(path.slice(0, 200))}: ${problem}.`, path.slice(0, 200));

function problemOf(path: string): string | null {
  if (path === "") return "the name is empty";
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) return "the path must be relative";
  if (/[\p{Cc}\u2028\u2029]/u.test(path)) return "the path holds a control character";
  if (!path.isWellFormed() || path.includes("\u{FFFD}")) return "the path is not valid Unicode";
  if (path.includes("\\")) return "use / between folders, not \\";
  if (Buffer.byteLength(path) > MOST_BYTES) return `the path is longer than ${MOST_BYTES} bytes`;
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === ".")) return "the path has an empty part or a `.`";
  if (parts.includes("..")) return "the path leaves the source tree";
  if (parts.some((part) => Buffer.byteLength(part) > MOST_PART_BYTES)) return `a name is longer than ${MOST_PART_BYTES} bytes`;
  return null;
}

/**
 * True where a link at `path` with this target stays inside the tree. `..` may only stand first: there the folder that holds
 * the link is a real one, while behind a name `..` would leave from wherever that name, itself a link, leads.
 */
export function linkStaysInside(path: string, target: string): boolean {
  if (target === "" || target.startsWith("/") || target.includes("\0") || target.includes("\\") || Buffer.byteLength(target) > MOST_BYTES)
    return false;
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const up = parts.findIndex((part) => part !== "..");
  const climbs = up === -1 ? parts.length : up;
  return climbs < path.split("/").length && !parts.slice(climbs).includes("..");
}
