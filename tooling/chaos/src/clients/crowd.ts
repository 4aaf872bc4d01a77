import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const batch = 250;

/** Connections to one port that say what they are told to and then nothing, or read nothing; and what came of them. */
export class Crowd {
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** `count` more; each sends `text`. Resolves once they are connected. */
  async join(count: number, text: string | Buffer, { reads = true } = {}): Promise<Socket[]> {
    const joined: Socket[] = [];
    while (joined.length < count) {
      const some = Array.from({ length: Math.min(batch, count - joined.length) }, () => connect(this.#port, "127.0.0.1"));
      await Promise.all(some.map((socket) => once(socket, "connect")));
      for (const socket of some) {
        socket.on("error", () => undefined);
        if (text.length > 0) socket.write(text);
        if (reads) socket.resume();
        else socket.pause();
      }
      joined.push(...some);
    }
    this.#sockets.push(...joined);
    return joined;
  }

  leave(): void {
    for (const socket of this.#sockets.splice(0)) socket.destroy();
  }
}

/** The status line that each of these was answered with; null for one that was closed without. */
export const statuses = (sockets: readonly Socket[]): Promise<(number | null)[]> =>
  Promise.all(
    sockets.map(
      (socket) =>
        new Promise<number | null>((told) => {
          socket.once("data", (bytes: Buffer) => told(Number(/^HTTP\/1\.1 (\d+)/.exec(bytes.toString("latin1"))?.[1] ?? Number.NaN)));
          socket.once("close", () => told(null));
        }),
    ),
  );

/** Of these, how many the other side has closed after `withinMs` at most. */
export async function cut(sockets: readonly Socket[], withinMs: number): Promise<number> {
  const closed = () => sockets.filter((socket) => socket.closed || socket.readableEnded).length;
  for (const end = performance.now() + withinMs; closed() < sockets.length && performance.now() < end; await pause(100));
  return closed();
}
