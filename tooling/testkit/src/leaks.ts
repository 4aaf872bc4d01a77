import type { Db } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";
import { filesBelow } from "./files-below.ts";

const rows = statement(
  "leaks_columns",
  `SELECT table_name AS "table", column_name AS "column" FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`,
);
const most = 100_000;

/** What a text is where something turned it into another: as it is, base64 wherever it begins, hexadecimal, percent-encoded, in JSON. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // What surrounds a secret changes the first and the last digits: only those between are its own.
  const inner = [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes])
      .toString("base64")
      .replace(/=+$/, "");
    return all.slice(before === 0 ? 0 : 4, (before + bytes.length) % 3 === 0 ? undefined : -1);
  });
  const forms = [
    secret,
    ...inner,
    ...inner.map((text) => text.replaceAll("+", "-").replaceAll("/", "_")),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
  return [...new Set(forms)].filter((form) => form.length >= 6);
}

/** Looks for what must be nowhere, wherever something could have been written, and counts what it looked at. */
export class Leaks {
  readonly #needles: readonly (readonly [name: string, form: Buffer])[];
  readonly found: string[] = [];
  readonly searched = { responses: 0, values: 0, files: 0, bytes: 0 };

  /** `secrets` in every form; `words` as they are: names of what is kept inside. */
  constructor(secrets: Readonly<Record<string, string>>, words: Readonly<Record<string, string>> = {}) {
    const forms = Object.entries(secrets).flatMap(([name, secret]) => formsOf(secret).map((form) => [name, form] as const));
    this.#needles = [...forms, ...Object.entries(words)].map(([name, form]) => [name, Buffer.from(form)]);
  }

  /** Where a text or bytes came from, for the report. */
  look(where: string, what: string | Uint8Array): void {
    const bytes = Buffer.from(what);
    this.searched.bytes += bytes.length;
    for (const [name, form] of this.#needles)
      if (bytes.includes(form)) this.found.push(`${where} holds ${name} as ${form.toString("latin1").slice(0, 12)}…`);
  }

  /** One whole answer: its status line, headers and body. */
  response(where: string, headers: Headers, body: string): void {
    this.searched.responses++;
    this.look(where, `${[...headers].map(([name, value]) => `${name}: ${value}`).join("\n")}\n\n${body}`);
  }

  /** fetch that looks at all that it is answered. */
  fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    const body = await response.clone().text();
    this.response(`${init?.method ?? "GET"} ${String(input)} (${response.status})`, response.headers, body);
    return response;
  };

  /** Every value of every table. */
  async database(db: Db): Promise<void> {
    for (const { table, column } of await db.query<{ table: string; column: string }>(rows)) {
      const each = statement(`leaks_${table}_${column}`.slice(0, 63), `SELECT "${column}"::text AS text FROM "${table}" LIMIT ${most}`);
      for (const { text } of await db.query<{ text: string | null }>(each)) {
        this.searched.values++;
        if (text !== null) this.look(`${table}.${column}`, text);
      }
    }
  }

  /** Every file below a directory. */
  async files(directory: string): Promise<void> {
    for await (const { path, bytes } of filesBelow(directory)) {
      this.searched.files++;
      this.look(path, bytes);
    }
  }
}
