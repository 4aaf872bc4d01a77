import type { Schema } from "@takosumi/contracts/define";
import { parsedBy } from "./answers.ts";
import type { Sent } from "./handlers.ts";

/** Remembers what was made of a batch: the same array given to a thousand followers is checked and encoded once. */
export const once = <B extends readonly unknown[], T>(make: (batch: B) => T) => {
  const made = new WeakMap<B, T>();
  return (batch: B): T => {
    const known = made.get(batch);
    if (known !== undefined) return known;
    const fresh = make(batch);
    made.set(batch, fresh);
    return fresh;
  };
};

export interface EventEncoder {
  /** The batch with its data parsed by the contract. */
  readonly checked: (batch: readonly unknown[]) => readonly Sent<unknown>[];
  /** The batch as Server-Sent Events: the same bytes wait in every socket. */
  readonly bytes: (batch: readonly unknown[]) => Buffer;
}

export function eventEncoder(id: string, emits: Schema): EventEncoder {
  const check = (batch: readonly unknown[]) =>
    (batch as readonly Sent<unknown>[]).map((sent) => ({ ...sent, data: parsedBy(emits, sent.data, id) }));
  // The bytes are all that is remembered where nobody asks for the events themselves.
  return { checked: once(check), bytes: once((batch: readonly unknown[]) => Buffer.from(check(batch).map(frame).join(""))) };
}

/** Each message of a batch as the text of one WebSocket frame, in bytes. */
export const messageEncoder = (id: string, emits: Schema) =>
  once((batch: readonly unknown[]): readonly Buffer[] => batch.map((message) => Buffer.from(JSON.stringify(parsedBy(emits, message, id)))));

const frame = ({ id, event, data }: Sent<unknown>): string => {
  if (/[\r\n\0]/.test(id) || (event !== undefined && /[\r\n]/.test(event))) throw new Error("An event's id and name are one line each");
  return `id: ${id}\n${event === undefined ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`;
};
