import { deniedPrefixes, EnvName } from "@takosumi/contracts/deploy/env-names";
import type { Field, Mode } from "./define.ts";
import type { GivenFile } from "./material.ts";

/** What was wrong: where in the input, and what is allowed. Never holds a value. */
export interface MaterialIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}
/** The contents of a connection as a person gives them. `secrets` names fields that a Secret fills: their values are not known here. */
export interface GivenMaterial {
  readonly values?: Readonly<Record<string, string>> | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  readonly files?: readonly GivenFile[] | undefined;
}

export const materialLimits = { values: 100, value: 32_768, files: 50, path: 200, file: 262_144, all: 1_048_576 } as const;
const longest = { line: 8_192, multiline: 131_072 };

/** Every fault of what was given for a mode; none where it can be injected. */
export function checkMaterial(mode: Mode, { values = {}, secrets = {}, files = [] }: GivenMaterial): readonly MaterialIssue[] {
  const issues: MaterialIssue[] = [];
  const wrong = (path: readonly (string | number)[], message: string) => void issues.push({ path, message });
  for (const name of Object.keys(secrets))
    if (Object.hasOwn(values, name)) wrong(["secrets", name], "is given in values too: give it once");
  const size = [...Object.values(values), ...files.map(({ content }) => content)].reduce((sum, text) => sum + text.length, 0);
  if (size > materialLimits.all) wrong([], `holds more than ${materialLimits.all} characters in all`);
  if (mode.userDefined) checkOwn({ values, secrets, files }, wrong);
  else checkFields(mode, { values, secrets, files }, wrong);
  return issues;
}

type Wrong = (path: readonly (string | number)[], message: string) => void;
type All = { readonly [K in keyof GivenMaterial]-?: NonNullable<GivenMaterial[K]> };

function checkFields(mode: Mode, { values, secrets, files }: All, wrong: Wrong): void {
  const allowed = Object.keys(mode.fields);
  const given = (field: string) => Object.hasOwn(values, field) || Object.hasOwn(secrets, field);
  for (const [part, names] of [["values", Object.keys(values)] as const, ["secrets", Object.keys(secrets)] as const])
    for (const name of names)
      if (!Object.hasOwn(mode.fields, name)) wrong([part, name], `is not a field of ${mode.title}. Fields: ${allowed.join(", ")}`);
  for (const [name, field] of Object.entries(mode.fields)) {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value !== undefined) for (const fault of faults(field, value)) wrong(["values", name], fault);
    if (field.required && !given(name)) wrong(["values", name], `is missing: ${field.title}, in values or as a Secret in secrets`);
  }
  for (const group of mode.oneOf ?? [])
    if (!group.some(given)) wrong(["values", group[0] as string], `is missing: give at least one of ${group.join(", ")}`);
  for (const group of mode.together ?? [])
    for (const name of group.some(given) ? group : [])
      if (!given(name)) wrong(["values", name], `is missing: ${group.join(" and ")} are given together`);
  for (const index of files.keys())
    wrong(["files", index], `takes no files of your own. What belongs in a file is a field: ${allowed.join(", ")}`);
}

/** What is wrong with the value of a field, from a person or out of a Secret. */
function faults({ multiline, pattern, choices, example, max }: Field, value: string): string[] {
  const most = max ?? (multiline ? longest.multiline : longest.line);
  if (value.trim() === "") return ["is empty"];
  if (value.length > most) return [`is longer than ${most} characters`];
  if (value.includes("\0")) return ["holds a NUL character"];
  if (!multiline && /[\u0001-\u001f\u007f]/.test(value)) return ["is one line: it may hold no line breaks or other control characters"];
  if (choices && !choices.includes(value)) return [`must be one of ${choices.join(", ")}`];
  if (pattern && !new RegExp(`^(?:${pattern})$`, "u").test(value)) return [`does not look right${example ? `: like ${example}` : ""}`];
  return [];
}

function checkOwn({ values, secrets, files }: All, wrong: Wrong): void {
  const names = [
    ...Object.keys(values).map((name) => ["values", name] as const),
    ...Object.keys(secrets).map((name) => ["secrets", name] as const),
  ];
  if (names.length === 0 && files.length === 0) wrong(["values"], "is empty: give variables in values or secrets, or files");
  if (names.length > materialLimits.values) wrong(["values"], `names more than ${materialLimits.values} variables`);
  if (files.length > materialLimits.files) wrong(["files"], `holds more than ${materialLimits.files} files`);
  for (const path of names) for (const fault of nameFaults(path[1])) wrong(path, fault);
  for (const [name, value] of Object.entries(values)) {
    if (value === "") wrong(["values", name], "is empty");
    if (value.length > materialLimits.value) wrong(["values", name], `is longer than ${materialLimits.value} characters`);
    if (value.includes("\0")) wrong(["values", name], "holds a NUL character");
  }
  const taken = new Set(names.map(([, name]) => name));
  for (const [index, { env_name }] of files.entries()) {
    if (env_name === undefined || env_name === null) continue;
    for (const fault of nameFaults(env_name)) wrong(["files", index, "env_name"], fault);
    if (taken.has(env_name)) wrong(["files", index, "env_name"], `${env_name} is given twice`);
    taken.add(env_name);
  }
  checkFiles(files, wrong);
}

const nameFaults = (name: string): string[] => {
  const [issue] = EnvName.safeParse(name).error?.issues ?? [];
  return issue
    ? [
        `${issue.message}. Allowed: upper-case letters, digits and _, but none that begins with ${deniedPrefixes.join(" ")}, and not PATH, HOME and their like`,
      ]
    : [];
};

function checkFiles(files: readonly GivenFile[], wrong: Wrong): void {
  const paths = files.map(({ path }) => path.toLowerCase());
  for (const [index, { path, content }] of files.entries()) {
    const at = ["files", index, "path"];
    const own = path.toLowerCase();
    if (path.length > materialLimits.path || !/^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w.@+-]+(?:\/[\w.@+-]+)*$/.test(path))
      wrong(
        at,
        `is not a path: letters, digits and . _ - + @ between slashes, relative, without . and .., at most ${materialLimits.path} characters`,
      );
    else if (paths.indexOf(own) !== index) wrong(at, `${path} is given twice`);
    else if (paths.some((other) => other.startsWith(`${own}/`))) wrong(at, `${path} is a file, and the folder of another`);
    if (content === "") wrong(["files", index, "content"], "is empty");
    if (content.length > materialLimits.file) wrong(["files", index, "content"], `is longer than ${materialLimits.file} characters`);
  }
}
