import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { env } from "./env.ts";

export interface GitHttp {
  /** `http://127.0.0.1:port` or https */
  readonly url: string;
  readonly authority: string;
  /** "GET /a.git/info/refs" of every request that came, and what it showed. */
  readonly requests: { readonly line: string; readonly authorization: string | null }[];
  close(): Promise<void>;
}

interface Options {
  /** Asked for below `/private/`. */
  readonly password?: string;
  /** Where whoever asks for a path is sent instead. */
  readonly redirect?: (path: string) => string | null;
  /** Speaks https with these. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Answers a request itself; git does where it answers false. */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** Git's own server over HTTP. */
export async function startGitHttp(
  root: string,
  { password, redirect = () => null, tls, before = () => false }: Options = {},
): Promise<GitHttp> {
  const requests: GitHttp["requests"] = [];
  const wanted = password === undefined ? null : `Basic ${Buffer.from(password).toString("base64")}`;
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, search } = new URL(request.url ?? "/", "http://x");
    requests.push({ line: `${request.method} ${pathname}`, authorization: request.headers.authorization ?? null });
    const elsewhere = redirect(pathname);
    if (elsewhere !== null) return void response.writeHead(301, { location: elsewhere + search }).end();
    if (wanted !== null && pathname.startsWith("/private/") && request.headers.authorization !== wanted)
      return void response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    if (!before(request, response)) backend(root, pathname.replace(/^\/private\//, "/"), search.slice(1), request, response);
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${tls ? "https" : "http"}://${authority}`,
    authority,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** One request through `git http-backend`, which speaks CGI. */
function backend(root: string, path: string, query: string, request: IncomingMessage, response: ServerResponse): void {
  const program = join(execFileSync("git", ["--exec-path"], { encoding: "utf8", env: { PATH: env.PATH } }).trim(), "git-http-backend");
  const child = spawn(program, [], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      PATH: env.PATH,
      HOME: root,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      REMOTE_ADDR: "127.0.0.1",
    },
  });
  request.pipe(child.stdin);
  child.stdin.on("error", () => undefined);
  let head = Buffer.alloc(0);
  let begun = false;
  child.stdout.on("data", (chunk: Buffer) => {
    if (begun) return void response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    begun = true;
    const headers = head
      .toString("latin1", 0, end)
      .split("\r\n")
      .map((line) => line.split(/:\s*/, 2) as [string, string]);
    const status = headers.find(([name]) => name.toLowerCase() === "status")?.[1];
    response.writeHead(
      Number.parseInt(status ?? "200", 10),
      Object.fromEntries(headers.filter(([name]) => name.toLowerCase() !== "status")),
    );
    response.write(head.subarray(end + 4));
  });
  child.on("close", () => (begun ? response.end() : response.writeHead(500).end()));
}
