import type { AddressInfo } from "node:net";
import { type Serving, serve } from "../src/serve.ts";
import { openServer } from "../src/server.ts";
import { handlersOf, type Probes } from "./handlers.ts";
import { Memory } from "./memory.ts";
import { families, type ProbeFamilies } from "./probe.ts";

export type Called = { status: number; headers: Headers; body: any; text: string };

/** The probe families, served over real HTTP on loopback. */
export async function running(options: Partial<Pick<Serving<ProbeFamilies>, "surfaces" | "streams">> = {}) {
  const app = openServer();
  const memory = new Memory();
  const probes: Probes = { pulled: 0, begun: [], ended: [], hold: async () => {} };
  const served = await serve(app, {
    families,
    handlers: handlersOf(probes),
    application: memory,
    info: { title: "Probe", version: "1.0.0" },
    ...options,
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  async function call(
    method: string,
    path: string,
    { as, body, headers = {} }: { as?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Called> {
    const sent = new Headers(headers);
    if (as) sent.set("authorization", `Bearer ${as}`);
    const raw = typeof body === "string" || body instanceof Uint8Array || body === undefined ? body : JSON.stringify(body);
    if (body !== undefined && !sent.has("content-type")) sent.set("content-type", "application/json");
    const response = await fetch(url + path, {
      method,
      headers: sent,
      redirect: "manual",
      ...(raw !== undefined && { body: raw as string }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, headers: response.headers, text, body: isJson && text ? JSON.parse(text) : undefined };
  }
  const close = () => app.close();
  return { app, memory, probes, served, url, port, call, close };
}
export type Running = Awaited<ReturnType<typeof running>>;
