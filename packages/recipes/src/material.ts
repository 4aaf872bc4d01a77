import {
  type Argument,
  type EnvSource,
  exchanges,
  type FieldSource,
  type FileSource,
  type Mode,
  type Phase,
  type Piece,
} from "./define.ts";

/** A file as a user declares it; `env_name` is a variable that holds its path. */
export interface GivenFile {
  readonly path: string;
  readonly content: string;
  readonly env_name?: string | null | undefined;
}
/** The opened contents of a connection: fields by name, and the files of a mode that takes such. */
export interface Given {
  readonly values: Readonly<Record<string, string>>;
  readonly files?: readonly GivenFile[] | undefined;
}
export interface InjectedEnv {
  readonly name: string;
  readonly value: string;
  readonly sensitive: boolean;
}
/** A file at a path below a folder that only the payload of one phase reads. */
export interface InjectedFile {
  readonly path: string;
  readonly content: string;
  readonly env_name: string | null;
  readonly sensitive: boolean;
}
/** The value of a provider argument: text, or where `files` are named, their paths as the payload sees them. */
export type InjectedArgument = { readonly name: string; readonly yields: boolean } & (
  | { readonly value: string | boolean }
  | { readonly file: string }
  | { readonly files: readonly string[] }
);
export interface Material {
  readonly env: readonly InjectedEnv[];
  readonly files: readonly InjectedFile[];
  readonly arguments: readonly InjectedArgument[];
}

/**
 * What a connection becomes in a phase: variables and files for all configurations of its provider, or, by arguments, files and
 * arguments for one of them. The values must have passed `checkMaterial`.
 */
export function material(mode: Mode, given: Given, phase: Phase, { byArguments = false } = {}): Material {
  const values = { ...defaultsOf(mode), ...given.values };
  const secret = (field: string) => isSecret(mode, field);
  const text = (source: FileSource): string | null => {
    if ("pieces" in source) return joined(source.pieces, values, phase);
    return values[chosen(source, values, phase)] ?? null;
  };
  const made = (sources: Readonly<Record<string, FileSource>>, env: Readonly<Record<string, EnvSource>>): InjectedFile[] =>
    Object.entries(sources).flatMap(([path, source]) => {
      const content = text(source);
      const env_name = Object.entries(env).find(([, one]) => "file" in one && one.file === path)?.[0] ?? null;
      return content === null ? [] : [{ path, content, env_name, sensitive: fieldsOf(source).some(secret) }];
    });
  if (byArguments) {
    const files = made(mode.byArguments?.files ?? {}, {});
    const has = (path: string) => files.some((file) => file.path === path);
    const listed = Object.entries(mode.byArguments?.arguments ?? {});
    return { env: [], files, arguments: listed.flatMap(([name, one]) => argument(name, one, values, has)) };
  }
  const env = Object.entries(mode.env ?? {}).flatMap(([name, source]): InjectedEnv[] => {
    if ("literal" in source) return [{ name, value: source.literal, sensitive: false }];
    if ("file" in source) return [];
    const field = chosen(source, values, phase);
    const value = values[field];
    return value === undefined ? [] : [{ name, value, sensitive: secret(field) }];
  });
  if (!mode.userDefined) return { env, files: made(mode.files ?? {}, mode.env ?? {}), arguments: [] };
  const own = Object.entries(given.values).map(([name, value]) => ({ name, value, sensitive: true }));
  const files = (given.files ?? []).map(({ path, content, env_name }) => ({ path, content, env_name: env_name ?? null, sensitive: true }));
  return { env: own, files, arguments: [] };
}

/** The same without values: what a connection that was given these fields and files injects. */
export interface InjectedNames {
  readonly env: readonly { readonly name: string; readonly sensitive: boolean }[];
  readonly files: readonly { readonly path: string; readonly env_name: string | null; readonly sensitive: boolean }[];
}

export function names(
  mode: Mode,
  fields: readonly string[],
  files: readonly Pick<GivenFile, "path" | "env_name">[] = [],
  { byArguments = false } = {},
): InjectedNames {
  const gives = mode.exchange ? exchanges[mode.exchange].gives : [];
  const values = Object.fromEntries([...fields, ...gives].map((field) => [field, ""]));
  const made = material(mode, { values, files: files.map((file) => ({ ...file, content: "" })) }, "apply", { byArguments });
  return {
    env: made.env.map(({ name, sensitive }) => ({ name, sensitive })),
    files: made.files.map(({ path, env_name, sensitive }) => ({ path, env_name, sensitive })),
  };
}

/** What an exchange gives is secret, whether or not a person gives the like of it. */
const isSecret = ({ fields, exchange }: Mode, field: string): boolean =>
  fields[field]?.secret ?? (exchange !== undefined && exchanges[exchange].gives.some((name) => name === field));

const defaultsOf = ({ fields }: Mode): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).flatMap(([name, field]) => (field.default === undefined ? [] : [[name, field.default]])));

const chosen = ({ field, plan }: FieldSource, values: Readonly<Record<string, string>>, phase: Phase): string =>
  phase === "plan" && plan !== undefined && values[plan] !== undefined ? plan : field;

const fieldsOf = (source: FileSource): string[] => {
  if (!("pieces" in source)) return [source.field];
  return source.pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.field]));
};

/** Null where none of the fields was given: then there is nothing to write. */
function joined(pieces: readonly Piece[], values: Readonly<Record<string, string>>, phase: Phase): string | null {
  let any = false;
  const texts = pieces.map((piece) => {
    if (typeof piece === "string") return piece;
    const value = values[chosen(piece, values, phase)];
    if (value === undefined) return "";
    any = true;
    return `${piece.before ?? ""}${spelled(value, piece.as)}${piece.after ?? ""}`;
  });
  return any ? texts.join("") : null;
}

const spelled = (value: string, as: "json" | "base64" | undefined): string => {
  if (as === "json") return JSON.stringify(value);
  return as === "base64" ? Buffer.from(value).toString("base64") : value;
};

function argument(
  name: string,
  given: Argument,
  values: Readonly<Record<string, string>>,
  has: (path: string) => boolean,
): InjectedArgument[] {
  const yields = given.yields ?? false;
  if ("literal" in given) return [{ name, yields, value: given.literal }];
  if ("file" in given) return has(given.file) ? [{ name, yields, file: given.file }] : [];
  if ("files" in given) {
    const files = given.files.filter(has);
    return files.length > 0 ? [{ name, yields, files }] : [];
  }
  const value = values[given.field];
  return value === undefined ? [] : [{ name, yields, value }];
}
