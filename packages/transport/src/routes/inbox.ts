import type { WebSocket } from "@fastify/websocket";
import type { Schema } from "@takosumi/contracts/define";
import { ApiError } from "@takosumi/contracts/errors";
import type { Stray } from "@takosumi/contracts/input";
import { z } from "zod";
import { fieldsOfIssues, invalid } from "../issues.ts";
import { refuseUnsafe } from "../raw-input.ts";

const held = 16;

/** What a client sends over its socket, parsed. While the handler is behind, the socket is not read. */
export class Inbox implements AsyncIterable<unknown> {
  readonly #socket: WebSocket;
  readonly #receives: Schema;
  readonly #waiting: unknown[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #refuse: (error: unknown) => void;

  /** `refuse` is told of the first message that is not one; nothing is listened to after it. */
  constructor(socket: WebSocket, receives: Schema, refuse: (error: unknown) => void) {
    this.#socket = socket;
    this.#receives = receives;
    this.#refuse = refuse;
    socket.on("message", (data: Buffer, binary: boolean) => this.#take(data, binary));
    socket.once("close", () => this.end());
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, void> {
    while (true) {
      while (this.#waiting.length > 0) yield this.#waiting.shift();
      if (this.#socket.isPaused) this.#socket.resume();
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #take(data: Buffer, binary: boolean): void {
    const text = data.toString("utf8");
    if (!binary && text === "ping") return this.#socket.send("pong");
    if (this.#ended) return;
    try {
      this.#waiting.push(this.#parsed(text, binary));
      if (this.#waiting.length >= held) this.#socket.pause();
    } catch (error) {
      this.end();
      this.#refuse(error);
    }
    this.#wake?.();
  }

  #parsed(text: string, binary: boolean): unknown {
    if (binary) throw new ApiError("BAD_REQUEST", "Messages are JSON text, not bytes", { reason: "malformed" });
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new ApiError("BAD_REQUEST", "The message is not JSON", { reason: "malformed" });
    }
    const strays: Stray[] = [];
    refuseUnsafe(value, strays);
    const parsed = z.safeParse(this.#receives, value);
    if (strays.length === 0 && parsed.success) return parsed.data;
    throw invalid([...strays, ...(parsed.success ? [] : fieldsOfIssues(parsed.error.issues))]);
  }
}
