/** The phases in which provider code runs. A destroy is applied too; init and show get nothing. */
export const phases = ["plan", "apply"] as const;
export type Phase = (typeof phases)[number];

/** One thing that a person gives. Its name is in most modes the variable that it becomes. */
export interface Field {
  readonly title: string;
  readonly about: string;
  /** Hidden from logs and plans, and never shown again. */
  readonly secret: boolean;
  readonly required: boolean;
  /** A text of several lines, drawn as an area: a key, a certificate, a file. */
  readonly multiline?: boolean;
  /** Source of a regular expression that the whole value matches. */
  readonly pattern?: string;
  readonly choices?: readonly string[];
  readonly example?: string;
  readonly default?: string;
  /** Characters at most; 8,192 where it is not said, 131,072 of a multiline one. */
  readonly max?: number;
}

/** A field; for plans the other one in its stead, where that was given: a credential that may only read. */
export interface FieldSource {
  readonly field: string;
  readonly plan?: string;
}
/** What a variable holds: a field, a fixed text, or the path of one of the mode's files as the payload sees it. */
export type EnvSource = FieldSource | { readonly literal: string } | { readonly file: string };

/** Text, or a field with what surrounds it; a field that was not given leaves out what surrounds it too. `as` is how its value is spelled. */
export type Piece = string | (FieldSource & { readonly before?: string; readonly after?: string; readonly as?: "json" | "base64" });
/** A file that is made only where its field, or one of its pieces, was given. */
export type FileSource = FieldSource | { readonly pieces: readonly Piece[] };

/** A provider argument. With `yields` the module's own value stands where its block has one. Never a secret: it lies in the plan. */
export type Argument = (
  | { readonly literal: string | boolean }
  | { readonly field: string }
  | { readonly file: string }
  | { readonly files: readonly string[] }
) & { readonly yields?: true };

/** How one provider configuration is served alone, where variables would reach all of them: files, and arguments that name them. */
export interface ByArguments {
  readonly files: Readonly<Record<string, FileSource>>;
  readonly arguments: Readonly<Record<string, Argument>>;
}

/** What an exchange puts in the place of long-lived values before they are injected. All of it is secret. */
export const exchanges = {
  aws_sts_assume_role: { gives: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] },
} as const satisfies Record<string, { readonly gives: readonly string[] }>;
export type Exchange = keyof typeof exchanges;

export interface Mode {
  readonly title: string;
  readonly about: string;
  readonly fields: Readonly<Record<string, Field>>;
  readonly env?: Readonly<Record<string, EnvSource>>;
  readonly files?: Readonly<Record<string, FileSource>>;
  /** Groups of fields: of each at least one must be there. */
  readonly oneOf?: readonly (readonly string[])[];
  /** Groups of fields that are all there, or none of them. */
  readonly together?: readonly (readonly string[])[];
  readonly exchange?: Exchange;
  readonly byArguments?: ByArguments;
  /** The names of variables and files are the user's own. */
  readonly userDefined?: true;
}

export interface Recipe {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  /** Canonical addresses, `registry.opentofu.org/hashicorp/aws`; "*" serves any. */
  readonly providers: readonly string[] | "*";
  readonly modes: Readonly<Record<string, Mode>>;
  readonly defaultMode: string;
}

/** Whether a recipe is made for a provider, given by its canonical address. */
export const serves = ({ providers }: Pick<Recipe, "providers">, provider: string): boolean =>
  providers === "*" || providers.includes(provider);
