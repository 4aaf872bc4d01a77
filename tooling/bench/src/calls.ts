import { env } from "./env.ts";

async function call<T>(url: string, token: string, method: string, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
export type Post = <T>(path: string, body: object) => Promise<T>;
export const asCaller =
  (url: string): Post =>
  (path, body) =>
    call(url, env.TOKEN, "POST", path, body);
export const reader =
  (url: string) =>
  <T>(path: string): Promise<T> =>
    call(url, env.TOKEN, "GET", path);
export const asRunner =
  (url: string): Post =>
  (path, body) =>
    call(url, env.RUNNER_TOKEN, "POST", `/api/runner${path}`, body);

/** Statuses of a Run as its stream tells them. */
export async function* statuses(url: string, id: string): AsyncGenerator<string> {
  const response = await fetch(`${url}/api/runs/${id}/sse`, { headers: { authorization: `Bearer ${env.TOKEN}` } });
  let rest = "";
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      if (!line.startsWith("data: {")) continue;
      const event = JSON.parse(line.slice(6)) as { type: string; status?: string };
      if (event.type === "status") yield event.status!;
    }
  }
}

/** What a bench reads of a Run. */
export interface Run {
  readonly id: string;
  readonly status: string;
  readonly error: unknown;
  readonly queued_at: string;
  readonly started_at: string;
  readonly finished_at: string;
  readonly phases: readonly { readonly name: string; readonly started_at: string; readonly finished_at: string }[];
}

const tools = [{ name: "opentofu", version: "1.12.6" }];
export interface Leased {
  readonly run_id: string;
  readonly held: { readonly runner_id: string; readonly epoch: number };
}

/** A runner that is only the protocol: it executes nothing. */
export async function register(post: Post, instance: string) {
  const sandbox = { kind: "none", not_isolated: [] };
  const announced = { instance, name: instance, version: "0", slots: 1, tools, sandbox };
  const { runner } = await post<{ runner: { id: string } }>("/register", announced);
  return {
    async claim(): Promise<Leased> {
      const asked = { runner_id: runner.id, wait_seconds: 20, tools };
      const { lease } = await post<{ lease: { run_id: string; epoch: number } | null }>("/claim", asked);
      if (!lease) throw new Error("nothing was claimed");
      return { run_id: lease.run_id, held: { runner_id: runner.id, epoch: lease.epoch } };
    },
    /** Keeps a lease until the returned function is called. */
    keep({ run_id, held }: Leased): () => void {
      const timer = setInterval(() => void post(`/runs/${run_id}/renew`, held).catch(() => undefined), 5_000);
      return () => clearInterval(timer);
    },
    fail: ({ run_id, held }: Leased, last_sequence = 0) => {
      const error = { code: "BENCH", message: "measured", details: null };
      const outcome = { result: "failed", tool: null, error, diagnostics: [], state: null, summary: null, duration_ms: 0 };
      return post(`/runs/${run_id}/complete`, { ...held, last_sequence, outcome });
    },
  };
}
