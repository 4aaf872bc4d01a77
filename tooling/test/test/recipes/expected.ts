import type { Given, Row } from "./rows.ts";

export type Phase = "plan" | "apply";
export interface Expected {
  readonly env: Readonly<Record<string, string>>;
  /** By path below the folder of the connection. */
  readonly files: Readonly<Record<string, string>>;
  /** Variables that hold the path of a file. */
  readonly paths: Readonly<Record<string, string>>;
}

/** A text of which `#` is the round: 1, and 2 after the values were replaced. */
const at = (text: string, round: 1 | 2): string => text.replaceAll("#", String(round));
const each = <V, W>(of: Readonly<Record<string, V>>, make: (value: V) => W): Record<string, W> =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, make(value)]));

export const valuesOf = ({ values }: Row, round: 1 | 2): Record<string, string> => each(values, (value) => at(value, round));
export const ownOf = ({ own }: Row, round: 1 | 2) => own?.map((file) => ({ ...file, content: at(file.content, round) }));

function filled(row: Row, given: Given, phase: Phase, round: 1 | 2): string {
  const text = typeof given === "string" ? given : given[phase];
  const values = valuesOf(row, round);
  return at(text, round).replace(/\{(?:(json|base64):)?([A-Z0-9_]+)\}/g, (_, as: string | undefined, field: string) => {
    const value = values[field];
    if (value === undefined) throw new Error(`The row has no value of ${field}`);
    if (as === "json") return JSON.stringify(value);
    return as === "base64" ? Buffer.from(value).toString("base64") : value;
  });
}

/** What a phase has of a connection that serves by variables. */
export function expected(row: Row, phase: Phase, round: 1 | 2): Expected {
  const files = row.files ?? {};
  return {
    env: each(row.env, (given) => filled(row, given, phase, round)),
    files: each(files, ({ content }) => filled(row, content, phase, round)),
    paths: Object.fromEntries(Object.entries(files).flatMap(([path, { env }]) => (env ? [[env, path]] : []))),
  };
}

/** What a phase has of one that serves by arguments: they are those of the plan, the files are the phase's own. */
export function expectedByArguments(row: Row, phase: Phase, round: 1 | 2, folder: string) {
  const { files = {}, arguments: set = {} } = row.byArguments ?? {};
  return {
    files: each(files, (given) => filled(row, given, phase, round)),
    arguments: each(set, (text) => filled(row, text, "plan", 1).replaceAll("{folder}", folder)),
  };
}
