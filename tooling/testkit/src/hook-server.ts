import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface Hooked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
/** What is answered: a status, a redirect to a URL, or nothing at all. */
type Reply = number | { readonly location: string } | "hang";

export interface HookServer {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly received: readonly Hooked[];
  /** Answers of a path, whatever its query, in order; afterwards 204. */
  answer(path: string, ...replies: Reply[]): void;
  /** The requests of a path, once there are so many. */
  of(path: string, count: number): Promise<readonly Hooked[]>;
  close(): Promise<void>;
}

/** A real HTTP server on loopback that keeps what it is told. */
export async function startHookServer(): Promise<HookServer> {
  const received: Hooked[] = [];
  const replies = new Map<string, Reply[]>();
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    received.push({ path, headers: request.headers, body: await text(request) });
    for (const look of waiting) look();
    const reply = replies.get(path.split("?", 1)[0] ?? "")?.shift() ?? 204;
    if (reply === "hang") return;
    if (typeof reply === "number") response.writeHead(reply).end();
    else response.writeHead(302, { location: reply.location }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const of = (path: string) => received.filter((one) => one.path === path);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: (path, ...next) => void replies.set(path, next),
    of: (path, count) =>
      new Promise((resolve) => {
        const look = () => {
          if (of(path).length < count) return void waiting.add(look);
          waiting.delete(look);
          resolve(of(path));
        };
        look();
      }),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
