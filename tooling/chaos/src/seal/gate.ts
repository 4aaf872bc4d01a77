import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";

const credentials = /^\/api\/runner\/runs\/[^/]+\/credentials$/;

/**
 * Stands between a runner and its api. A runner asks for the credentials of an apply once all that the tool will read lies on its disk,
 * and before it looks at it for the last time: there the gate does whatever it is told, and then lets the question through.
 */
export class Gate {
  readonly #server: Server;
  #attack: (() => Promise<void>) | null = null;
  /** The api behind it. */
  target = "";

  constructor() {
    this.#server = createServer((from, answer) => void this.#pass(from, answer).catch(() => answer.destroy()));
  }

  async open(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Does this once, just before the next apply begins. */
  before(attack: () => Promise<void>): void {
    this.#attack = attack;
  }

  /** Whether that apply never came so far. */
  forget(): boolean {
    const waited = this.#attack !== null;
    this.#attack = null;
    return waited;
  }

  async #pass(from: IncomingMessage, answer: ServerResponse): Promise<void> {
    const asked = credentials.test(from.url ?? "");
    const body = asked ? await buffer(from) : null;
    if (body && (JSON.parse(body.toString("utf8")) as { phase: string }).phase === "apply") {
      const attack = this.#attack;
      this.#attack = null;
      await attack?.();
    }
    const on = request(new URL(from.url ?? "/", this.target), { method: from.method ?? "GET", headers: from.headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    on.once("error", () => answer.destroy());
    answer.once("close", () => on.destroy());
    if (body) on.end(body);
    else from.pipe(on);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
