/** Text with `{FIELD}` where a value of the row stands; `{json:FIELD}` and `{base64:FIELD}` spell it. */
export type Text = string;
/** What both phases are given, or each its own. */
export type Given = Text | { readonly plan: Text; readonly apply: Text };
export interface GivenFile {
  /** The variable that holds its path. */
  readonly env?: string;
  readonly content: Given;
}
/** One mode of a recipe as the documentation of its provider has it: written by hand, not taken from the recipe. */
export interface Row {
  /** The provider that is stood in for. */
  readonly provider: string;
  /** What a person gives; `#` is 1, and 2 after the values were replaced. */
  readonly values: Readonly<Record<string, string>>;
  /** Files that a person gives, where the mode takes such. */
  readonly own?: readonly { readonly path: string; readonly content: string; readonly env_name?: string }[];
  readonly env: Readonly<Record<string, Given>>;
  readonly files?: Readonly<Record<string, GivenFile>>;
  /** What one configuration of two is given, where each has a connection of its own. `{folder}` is where its files lie. */
  readonly byArguments?: { readonly files: Readonly<Record<string, Given>>; readonly arguments: Readonly<Record<string, Text>> };
}

/** Variables that hold what the field of their own name was given. */
export const same = (...names: string[]): Record<string, Text> => Object.fromEntries(names.map((name) => [name, `{${name}}`]));
/** A variable whose value in a plan may be another field's. */
export const forPlan = (plan: string, apply: string): Record<string, Given> => ({ [apply]: { plan: `{${plan}}`, apply: `{${apply}}` } });
export const pem = (what: string): string =>
  `-----BEGIN ${what}-----\nMIIBpretend#pretend#pretend+${what.length}/=\n-----END ${what}-----\n`;
export const uuid = (tail: string): string => `0a1b2c3d-0000-4000-8000-0000000${tail}#`;
