import pg from "pg";
import utils from "pg/lib/utils.js";
import { columnTypes } from "./column-types.ts";
import type { Statement } from "./sql.ts";

/** How the rows of one statement read on one connection. */
interface Shape {
  readonly names: readonly string[];
  readonly parsers: readonly ((text: string) => unknown)[];
  readonly empty: Readonly<Record<string, unknown>>;
}
interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}
/** Of pg's connection what a query of one's own needs, as pg-cursor does. */
type Wire = pg.Connection & {
  readonly stream: { cork(): void; uncork(): void };
  readonly parsedStatements: Record<string, string | undefined>;
  parse(message: object): void;
  bind(message: object): void;
  describe(message: object): void;
  execute(message: object): void;
  sync(): void;
};
type Callback = (error: unknown, rows?: object[]) => void;

const nothing: Shape = { names: [], parsers: [], empty: {} };
const shapes = new WeakMap<object, Map<string, Shape>>();

/**
 * One execution of a named statement. pg's own asks the database for the columns each time and prepares their parsers anew; here that
 * happens once a connection, which is a tenth of the work of a small read. A table that was changed since makes the database refuse the
 * statement ("cached plan"), and the connection is given up.
 */
export class PreparedQuery implements pg.Submittable {
  readonly name: string;
  readonly text: string;
  callback: Callback;
  readonly #values: readonly unknown[];
  readonly #rows: object[] = [];
  #shape: Shape | undefined;
  #failed: unknown;

  constructor({ name, text }: Statement, values: readonly unknown[], callback: Callback) {
    this.name = name;
    this.text = text;
    this.callback = callback;
    this.#values = values;
  }

  submit(connection: pg.Connection): void {
    const wire = connection as Wire;
    this.#shape = shapes.get(wire)?.get(this.name);
    wire.stream.cork();
    try {
      if (wire.parsedStatements[this.name] === undefined) wire.parse({ name: this.name, text: this.text });
      wire.bind({ statement: this.name, values: this.#values, valueMapper: utils.prepareValue });
      if (!this.#shape) wire.describe({ type: "P", name: "" });
      wire.execute({});
    } catch (error) {
      this.#failed = error;
    } finally {
      wire.sync();
      wire.stream.uncork();
    }
  }

  handleRowDescription({ fields }: { readonly fields: readonly Field[] }): void {
    this.#shape = {
      names: fields.map(({ name }) => name),
      parsers: fields.map(({ dataTypeID }) => columnTypes.getTypeParser(dataTypeID, "text") as (text: string) => unknown),
      empty: Object.fromEntries(fields.map(({ name }) => [name, null])),
    };
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const { names, parsers, empty } = this.#shape ?? nothing;
    const row: Record<string, unknown> = { ...empty };
    try {
      for (let i = 0; i < names.length; i++) {
        const text = fields[i];
        if (text !== null && text !== undefined) row[names[i] as string] = parsers[i]?.(text);
      }
    } catch (error) {
      this.#failed ??= error;
    }
    this.#rows.push(row);
  }

  handleCommandComplete(_message: object, connection: pg.Connection): void {
    const known = shapes.get(connection) ?? new Map<string, Shape>();
    known.set(this.name, this.#shape ?? nothing);
    shapes.set(connection, known);
  }

  handleError(error: Error): void {
    this.#end(error);
  }

  handleReadyForQuery(): void {
    this.#end(this.#failed);
  }

  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyData(): void {}

  #end(error: unknown): void {
    const { callback } = this;
    this.callback = () => {};
    if (error === undefined) callback(null, this.#rows);
    else callback(error);
  }
}

/** Executes a statement on a connection: its rows. */
export const execute = <Row extends object>(client: pg.PoolClient, statement: Statement, values: readonly unknown[]): Promise<Row[]> =>
  new Promise<object[]>((resolve, reject) => {
    client.query(new PreparedQuery(statement, values, (error, rows = []) => (error ? reject(error) : resolve(rows))));
  }).catch((error: Error) => {
    // Leads to where the statement was sent from, not to the socket it was read from.
    Error.captureStackTrace(error);
    throw error;
  }) as Promise<Row[]>;
