import { ApiError } from "@takosumi/contracts/errors";
import type { Stray } from "@takosumi/contracts/input";
import type { z } from "zod";

const maxFields = 50;
type Issue = z.core.$ZodIssue;

/** What zod found, as the fields of an error envelope. No value of the input is ever repeated. */
export function fieldsOfIssues(issues: readonly Issue[], within: readonly PropertyKey[] = []): Stray[] {
  return issues.flatMap((issue): Stray[] => {
    const path = [...within, ...issue.path];
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => ({ path: joined([...path, key]), message: "is not a name that is known here" }));
      case "invalid_union":
        return closest(issue.errors, path) ?? [{ path: joined(path), message: issue.message }];
      case "invalid_key":
      case "invalid_element":
        return fieldsOfIssues(issue.issues, path);
      default:
        return [{ path: joined(path), message: issue.message }];
    }
  });
}

/** Of a union's branches, what the one that fits best complains of; none where they all only say "another type". */
function closest(branches: readonly (readonly Issue[])[], path: readonly PropertyKey[]): Stray[] | undefined {
  const deep = branches.filter((issues) => issues.some((issue) => issue.path.length > 0 || issue.code === "unrecognized_keys"));
  const best = deep.sort((a, b) => a.length - b.length)[0];
  if (best) return fieldsOfIssues(best, path);
  const said = [...new Set(branches.flatMap((issues) => issues.map(({ message }) => message)))];
  return said.length > 0 ? [{ path: joined(path), message: said.join(", or ") }] : undefined;
}

const joined = (path: readonly PropertyKey[]): string => path.map(String).join(".");

/** 400, with every field that was wrong. */
export function invalid(fields: readonly Stray[]): ApiError {
  const shown = fields.slice(0, maxFields);
  const message = shown.map((field) => (field.path ? `${field.path}: ${field.message}` : field.message)).join("; ");
  return new ApiError("BAD_REQUEST", message.slice(0, 2_000), { reason: "invalid", fields: shown });
}
