import type { Operation } from "@takosumi/contracts/define";
import type { InputOf, OutputOf } from "@takosumi/contracts/infer";
import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import { WrongBytes } from "../cache/bytes.ts";
import { addressOf, withQuery } from "./address.ts";
import { refusalOf, textOf } from "./answer.ts";
import { TryAgain, withRetries } from "./retry.ts";

export type Patience = {
  readonly signal: AbortSignal;
  /** How long an api that is away is waited for. */
  readonly patienceMs?: number;
  /** How long one answer may take; a long poll says its own. */
  readonly answerMs?: number;
};
type Body = string | Buffer | (() => AsyncIterable<Uint8Array>);

const DEFAULT_PATIENCE_MS = 10 * 60_000;
const DEFAULT_ANSWER_MS = 60_000;
const MOST_BROKEN = 8;

/** Calls of one runner to one api: typed by the contract, repeated while the api is away, over kept-open connections. */
export class Client {
  readonly #url: string;
  readonly #token: string;
  readonly #agent: Agent;

  constructor(url: string, token: string, connections = 64) {
    this.#url = url;
    this.#token = token;
    this.#agent = new Agent({ connections, keepAliveTimeout: 30_000, keepAliveMaxTimeout: 120_000, connect: { timeout: 5_000 } });
  }

  /** A JSON operation. Throws ApiError for a refusal, Unreachable when patience ends, the signal's reason when it aborts. */
  async call<O extends Operation>(operation: O, input: InputOf<O>, patience: Patience): Promise<OutputOf<O>> {
    const { path, rest } = addressOf(operation, input as Record<string, unknown>);
    return this.#json(operation, path, JSON.stringify(rest), "application/json", patience);
  }

  /** A JSON operation whose body was already encoded. */
  async callEncoded<O extends Operation>(operation: O, id: string, body: string, patience: Patience): Promise<OutputOf<O>> {
    return this.#json(operation, addressOf(operation, { id }).path, body, "application/json", patience);
  }

  /** Sends bytes; a function opens them anew for every attempt. */
  async upload<O extends Operation>(operation: O, input: InputOf<O>, body: Body, size: number, patience: Patience): Promise<OutputOf<O>> {
    const { path, rest } = addressOf(operation, input as Record<string, unknown>);
    return this.#json(operation, withQuery(path, rest), body, "application/octet-stream", patience, size);
  }

  /**
   * Hands the bytes of a download to `take`, which starts over with every attempt. WrongBytes where they break off again and again
   * although the api answers: then they are not there as they were stored.
   */
  async download<O extends Operation, T>(
    operation: O,
    input: InputOf<O>,
    take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
    patience: Patience,
  ): Promise<T> {
    const { path, rest } = addressOf(operation, input as Record<string, unknown>);
    let broken = 0;
    return withRetries(path, patience.patienceMs ?? DEFAULT_PATIENCE_MS, patience.signal, async (tries) => {
      const answer = await this.#send(operation.method, withQuery(path, rest), undefined, undefined, patience);
      if (answer.statusCode !== 200) throw await refusalOf(answer, tries);
      return take(readable(answer.body, () => ++broken < MOST_BROKEN || wrong(path)));
    });
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #json<O extends Operation>(
    operation: O,
    path: string,
    body: Body,
    type: string,
    patience: Patience,
    size?: number,
  ): Promise<OutputOf<O>> {
    return withRetries(path, patience.patienceMs ?? DEFAULT_PATIENCE_MS, patience.signal, async (tries) => {
      const answer = await this.#send(operation.method, path, typeof body === "function" ? body() : body, { type, size }, patience);
      if (answer.statusCode >= 300) throw await refusalOf(answer, tries);
      const text = await textOf(answer.body).catch(cutOff);
      const { output } = operation.spec;
      return (output ? z.parse(output, JSON.parse(text)) : undefined) as OutputOf<O>;
    });
  }

  async #send(
    method: string,
    path: string,
    body: Bytes,
    sent: { type: string; size: number | undefined } | undefined,
    { signal, answerMs }: Patience,
  ) {
    return request(`${this.#url}${path}`, {
      method: method as Dispatcher.HttpMethod,
      dispatcher: this.#agent,
      signal,
      headersTimeout: answerMs ?? DEFAULT_ANSWER_MS,
      bodyTimeout: DEFAULT_ANSWER_MS,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(sent && { "content-type": sent.type }),
        ...(sent?.size !== undefined && { "content-length": String(sent.size) }),
      },
      body: (body ?? null) as Dispatcher.DispatchOptions["body"] & (string | Buffer | null),
    }).catch(cutOff);
  }
}

type Bytes = string | Buffer | AsyncIterable<Uint8Array> | undefined;

/** Every error of the connection itself: the same call may succeed on the next one. */
function cutOff(error: unknown): never {
  throw new TryAgain(error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error));
}

async function* readable(body: AsyncIterable<Uint8Array>, brokenOff: () => unknown): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    brokenOff();
    cutOff(error);
  }
}

function wrong(path: string): never {
  throw new WrongBytes(path.split("/").at(-1) ?? "input");
}
