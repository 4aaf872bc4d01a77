import { TofuError } from "./errors.ts";

const MOST_BYTES = 1_024;
const MOST_PART_BYTES = 255;

/**
 * A path inside a source tree, or `bad_path` naming it. Relative, forward slashes, no empty, `.` or `..` part, nothing a
 * terminal or a file system reads in two ways, and nothing below `.terraform`, which is the tool's own.
 */
export function checkedPath(path: string): string {
  const problem = problemOf(path);
  if (problem) throw new TofuError("bad_path", `File ${JSON.stringify(path.slice(0, 200))}: ${problem}.`);
  return path;
}

function problemOf(path: string): string | null {
  if (path === "") return "the name is empty";
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) return "the path must be relative";
  if (/[\p{Cc}\u2028\u2029]/u.test(path)) return "the path holds a control character";
  if (!path.isWellFormed()) return "the path is not valid Unicode";
  if (path.includes("\\")) return "use / between folders, not \\";
  if (Buffer.byteLength(path) > MOST_BYTES) return `the path is longer than ${MOST_BYTES} bytes`;
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === ".")) return "the path has an empty part or a `.`";
  if (parts.includes("..")) return "the path leaves the source tree";
  if (parts.includes(".terraform")) return "`.terraform` is the tool's own folder; leave it out";
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
