import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Running, running } from "./running.ts";

const MiB = 1024 * 1024;
let on: Running;
beforeAll(async () => {
  on = await running();
});
afterAll(() => on.close());

/** A client that reads nothing before all of it is sent, as many do. */
async function opened(path: string, as: string, headers: readonly string[]): Promise<Socket> {
  const socket = connect(on.port, "127.0.0.1").pause();
  // Whoever writes or reads learns of it as well.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write([`POST ${path} HTTP/1.1`, "Host: x", `Authorization: Bearer ${as}`, ...headers, "", ""].join("\r\n"));
  return socket;
}
const sent = (socket: Socket, bytes: string | Buffer) =>
  new Promise<void>((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));

async function answered(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}
const json = "Content-Type: application/json";
const large = Buffer.alloc(24 * MiB, "x");

test.each([
  ["too large by what it says", "/api/things", "editor", [json, `Content-Length: ${large.length}`], [large], 413],
  ["too large in fact", "/api/things", "editor", [json, "Transfer-Encoding: chunked"], chunks(24), 413],
  [
    "of a client that ends its connections",
    "/api/things",
    "editor",
    [json, "Connection: close", `Content-Length: ${large.length}`],
    [large],
    413,
  ],
  ["of nobody", "/api/things/cap_1/archive", "nobody", ["Content-Type: application/gzip", `Content-Length: ${large.length}`], [large], 401],
  [
    "of somebody who may not",
    "/api/things/cap_1/archive",
    "viewer",
    ["Content-Type: application/gzip", "Transfer-Encoding: chunked"],
    chunks(24),
    403,
  ],
] as const)(
  "a body %s: the answer reaches who sent all of it first, and the connection ends",
  async (_, path, as, headers, body, status) => {
    const socket = await opened(path, as, headers);
    for (const bytes of body) await sent(socket, bytes);
    const text = await answered(socket);
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
    expect(JSON.parse(text.slice(text.indexOf("\r\n\r\n") + 4)).error.code).toBeTypeOf("string");
  },
);

test("a body without an end is not read without an end", async () => {
  const socket = await opened("/api/things", "editor", [json, "Transfer-Encoding: chunked"]);
  const [chunk] = chunks(1) as [Buffer];
  let mebibytes = 0;
  const cut = (async () => {
    for (; mebibytes < 1_024; mebibytes++) await sent(socket, chunk);
  })();
  await expect(cut).rejects.toThrow(/EPIPE|ECONNRESET|write after end|destroyed/);
  expect(mebibytes).toBeLessThan(192);
});

/** So many chunks of a MiB, and the last. */
function chunks(count: number): (string | Buffer)[] {
  const one = Buffer.concat([Buffer.from(`${MiB.toString(16)}\r\n`), Buffer.alloc(MiB, "x"), Buffer.from("\r\n")]);
  return [...Array.from({ length: count }, () => one), "0\r\n\r\n"];
}
