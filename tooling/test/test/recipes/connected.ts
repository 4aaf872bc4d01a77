import { recipes } from "@takosumi/recipes/registry";
import type { deployOn } from "@takosumi/testkit/deploy";
import { ownOf, valuesOf } from "./expected.ts";
import type { Row } from "./rows.ts";

let count = 0;

/** A connection of one row. One of its secret fields is filled by a Secret, the others have their values from here. */
export class Connected {
  readonly id: string;
  readonly #user: ReturnType<typeof deployOn>;
  readonly #row: Row;
  /** Field and Secret. */
  readonly #secret: readonly [string, string] | null;

  private constructor(user: ReturnType<typeof deployOn>, row: Row, id: string, secret: readonly [string, string] | null) {
    this.#user = user;
    this.#row = row;
    this.id = id;
    this.#secret = secret;
  }

  /** `name` is `recipe mode`. */
  static async make(user: ReturnType<typeof deployOn>, name: string, row: Row): Promise<Connected> {
    const [id = "", auth_mode = ""] = name.split(" ");
    const values = valuesOf(row, 1);
    const fields = recipes.find((recipe) => recipe.id === id)?.modes[auth_mode]?.fields ?? {};
    const field = Object.keys(values).find((one) => fields[one]?.secret);
    const secret =
      field === undefined
        ? null
        : ([field, (await user.ok("POST", "/api/secrets", { name: `SECRET_${++count}`, value: values[field] })).secret.id] as const);
    const { connection } = await user.ok("POST", "/api/connections", {
      name: `${name} ${++count}`,
      provider: row.provider,
      recipe: { id, auth_mode },
      ...material(row, 1, secret),
    });
    return new Connected(user, row, connection.id, secret);
  }

  /** Replaces everything that it holds, and the Secret's value. */
  async rotate(): Promise<void> {
    if (this.#secret) {
      const [field, id] = this.#secret;
      await this.#user.ok("PUT", `/api/secrets/${id}`, { value: valuesOf(this.#row, 2)[field] });
    }
    await this.#user.ok("PATCH", `/api/connections/${this.id}`, material(this.#row, 2, this.#secret));
  }
}

function material(row: Row, round: 1 | 2, secret: readonly [string, string] | null) {
  const values = valuesOf(row, round);
  if (secret) delete values[secret[0]];
  const files = ownOf(row, round);
  return { values, secrets: secret ? { [secret[0]]: secret[1] } : {}, ...(files && { files }) };
}
