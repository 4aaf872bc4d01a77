import { TofuError } from "../errors.ts";
import { type Glob, globOf, matches } from "./glob.ts";

export const IGNORE_FILE = ".terraformignore";
export const IGNORE_BYTES = 64 * 1024;
const MOST_RULES = 300;
/** Paths between two turns of the event loop. */
const TURN = 200;

interface Rule {
  readonly negated: boolean;
  /** Means what lies below a folder, never a file of that name. */
  readonly below: boolean;
  readonly segments: readonly ("**" | Glob)[];
}

/**
 * Which of these paths a `.terraformignore` leaves out, read as Terraform reads it: `#` comments, a leading `/` for the root (any depth
 * without), a trailing `/` for all below a folder, `*` `?` `[…]` `**`, and `!` to take back. The last rule that fits decides, also below
 * a folder that an earlier one left out: there it differs from `.gitignore`.
 */
export async function ignoredPaths(text: string, paths: readonly string[]): Promise<Set<string>> {
  const rules = rulesOf(text);
  const out = new Set<string>();
  for (const [index, path] of paths.entries()) {
    if (index % TURN === TURN - 1) await new Promise(setImmediate);
    const parts = path.split("/");
    const last = rules.findLast((rule) => fits(rule, parts));
    if (last && !last.negated) out.add(path);
  }
  return out;
}

function rulesOf(text: string): Rule[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length > MOST_RULES) throw new TofuError("bad_archive", `${IGNORE_FILE} has more than ${MOST_RULES} rules.`, IGNORE_FILE);
  return lines.map(ruleOf).filter(({ segments }) => segments.length > 0);
}

function ruleOf(line: string): Rule {
  const negated = line.startsWith("!");
  const pattern = negated ? line.slice(1).trim() : line;
  const parts = pattern.split("/").filter((part) => part !== "");
  const segments = parts.map((part) => (part === "**" ? "**" : globOf(part)));
  return {
    negated,
    below: pattern.endsWith("/"),
    segments: pattern.startsWith("/") || segments.length === 0 ? segments : ["**", ...segments],
  };
}

/** A rule that leaves out a folder leaves out what lies in it; one that takes back means exactly what it names. */
function fits({ negated, below, segments }: Rule, parts: readonly string[]): boolean {
  const longest = below ? parts.length - 1 : parts.length;
  const shortest = negated && !below ? parts.length : 1;
  for (let length = shortest; length <= longest; length++) if (path(segments, parts, length)) return true;
  return false;
}

/** Whether the first `length` parts are what the segments say. On a mismatch only the last `**` takes one part more: any earlier one need not. */
function path(segments: Rule["segments"], parts: readonly string[], length: number): boolean {
  let [at, part] = [0, 0];
  let [star, from] = [-1, 0];
  while (part < length) {
    const segment = segments[at];
    if (segment === "**") {
      [star, from] = [at++, part];
    } else if (segment !== undefined && matches(segment, parts[part] as string)) {
      at++;
      part++;
    } else if (star >= 0) {
      at = star + 1;
      part = ++from;
    } else return false;
  }
  while (segments[at] === "**") at++;
  return at === segments.length;
}
