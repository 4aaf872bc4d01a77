import type { RouterOf } from "@takosumi/contracts/router";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClientError } from "@trpc/client";
import superjson from "superjson";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProbeFamilies } from "./probe.ts";
import { type Running, running } from "./running.ts";

type Router = RouterOf<ProbeFamilies>;
let on: Running;
beforeAll(async () => {
  on = await running();
});
afterAll(() => on.close());

const clientAs = (token: string | undefined, headers: Record<string, string> = {}) => {
  const sent = { ...(token && { authorization: `Bearer ${token}` }), ...headers };
  const withToken: typeof fetch = (input, init) =>
    fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...sent } });
  const options = { url: `${on.url}/trpc`, transformer: superjson };
  const streaming = httpSubscriptionLink({ ...options, EventSource: fetchingEventSource(sent) as never });
  return createTRPCClient<Router>({
    links: [
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: streaming,
        false: httpBatchLink({ ...options, fetch: withToken as never }),
      }),
    ],
  });
};
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("it should have failed"),
    (error: TRPCClientError<Router>) => ({ message: error.message, ...error.data }),
  );

test("the same pipeline: output parsed and stripped, written and audited", async () => {
  const client = clientAs("editor");
  expect(await client.things.read.query({ id: "cap_1" })).toEqual({ thing: { id: "cap_1", name: "first" } });
  const { thing } = await client.things.create.mutate({ name: "over trpc" });
  expect(on.memory.audit.at(-1)).toMatchObject({ action: "thing.created", target: { id: thing.id } });
  expect(await client.things.remove.mutate({ id: thing.id, force: true })).toBeUndefined();
  const updated = await client.things.update.mutate({ id: "cap_1", name: "renamed", "if-match": "1" });
  expect(updated.thing.name).toBe("renamed");
});
test("calls of one tick go as one batch, each with its own fate", async () => {
  const client = clientAs("viewer");
  const [read, refused, me] = await Promise.allSettled([
    client.things.read.query({ id: "cap_1" }),
    client.things.read.query({ id: "cap_9" }),
    client.account.me.query(),
  ]);
  expect([read.status, refused.status, me.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
test("errors carry our code, status and details, and never a stack", async () => {
  const as = clientAs("viewer");
  expect(await failure(as.things.create.mutate({ name: "x" }))).toEqual({
    message: "Your role, viewer, does not include capsule:write",
    code: "FORBIDDEN",
    httpStatus: 403,
    details: { reason: "role", permission: "capsule:write" },
  });
  expect(await failure(as.things.read.query({ id: "no", more: 1 } as never))).toMatchObject({
    code: "BAD_REQUEST",
    details: { fields: [{ path: "more" }] },
  });
  expect(await failure(as.things.read.query(["list"] as never))).toMatchObject({ code: "BAD_REQUEST" });
  expect(await failure(clientAs(undefined).things.read.query({ id: "cap_1" }))).toMatchObject({ code: "UNAUTHORIZED", httpStatus: 401 });
  const broken = await failure(as.account.broken.query({ how: "throw" }));
  expect([JSON.stringify(broken).includes("column secret"), broken.code]).toEqual([false, "INTERNAL_ERROR"]);
  expect(await failure(as.account.broken.query({ how: "database" }))).toMatchObject({ code: "UNAVAILABLE", httpStatus: 503 });
});
test("an Idempotency-Key counts here too, and is the same as over REST", async () => {
  const keyed = { "idempotency-key": "trpc-1" };
  const made = await clientAs("editor", keyed).things.create.mutate({ name: "keyed" });
  expect(await clientAs("editor", keyed).things.create.mutate({ name: "keyed" })).toEqual(made);
  const rest = await on.call("POST", "/api/things", { as: "editor", body: { name: "keyed" }, headers: keyed });
  expect([rest.status, rest.body, rest.headers.get("idempotency-replayed")]).toEqual([201, made, "true"]);
});
test("events are a subscription, resumed after an id", async () => {
  const seen = await new Promise<unknown[]>((resolve, reject) => {
    const got: unknown[] = [];
    const subscription = clientAs("viewer").things.events.subscribe(
      { id: "cap_1", until: 6, lastEventId: "2" },
      {
        onData: ({ id, data }) => {
          got.push([id, data.n]);
          if (id !== "6") return;
          subscription.unsubscribe();
          resolve(got);
        },
        onError: reject,
      },
    );
  });
  expect(seen).toEqual([
    ["3", 3],
    ["4", 4],
    ["5", 5],
    ["6", 6],
  ]);
});
test("what is not in the router: hidden families, bytes, cookies", async () => {
  for (const path of ["machine.claim", "things.archive", "account.login", "things.follow", "nothing.here"]) {
    const { status, text } = await on.call("GET", `/trpc/${path}`, { as: "owner" });
    expect([status, JSON.parse(text).error.json.data.code]).toEqual([404, "NOT_FOUND"]);
  }
});
test.each([
  ["a broken input", "GET", "/trpc/things.read?input=%7B", undefined, 400],
  ["a broken body", "POST", "/trpc/things.create", "{", 400],
  ["a NUL", "POST", "/trpc/things.create", '{"json":{"name":"a\\u0000"}}', 400],
  ["__proto__", "POST", "/trpc/things.create", '{"json":{"name":"x","any":{"__proto__":{"polluted":1}}}}', 400],
  [
    "a poisoned path of superjson",
    "POST",
    "/trpc/things.create",
    '{"json":{"name":"x"},"meta":{"values":{"__proto__.polluted":["Date"]}}}',
    400,
  ],
  ["deep nesting", "POST", "/trpc/things.create", `{"json":{"name":"x","any":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`, 400],
  ["a mutation by GET", "GET", "/trpc/things.create", undefined, 400],
  ["too many calls", "GET", `/trpc/${Array(21).fill("account.me").join(",")}?batch=1`, undefined, 400],
  ["no JSON at all", "POST", "/trpc/things.create", undefined, 415],
])("%s: a 4xx of ours", async (_, method, path, body, status) => {
  const answer = await on.call(method, path, { as: "editor", body });
  expect([answer.status, answer.text.includes("stack"), ({} as { polluted?: number }).polluted]).toEqual([status, false, undefined]);
});
test("too large a body, and one of another type", async () => {
  expect(
    (await on.call("POST", "/trpc/things.create", { as: "editor", body: JSON.stringify({ json: "x".repeat(2_200_000) }) })).status,
  ).toBe(413);
  expect(
    (await on.call("POST", "/trpc/things.create", { as: "editor", body: "x", headers: { "content-type": "text/plain" } })).status,
  ).toBe(415);
});

/** Just enough of an EventSource that sends headers: the ones of browsers cannot. */
function fetchingEventSource(headers: Record<string, string>) {
  return class extends EventTarget {
    static readonly CONNECTING = 0;
    static readonly OPEN = 1;
    static readonly CLOSED = 2;
    readyState = 0;
    readonly #leaving = new AbortController();
    constructor(url: string) {
      super();
      void this.#read(url);
    }
    close(): void {
      this.readyState = 2;
      this.#leaving.abort();
    }
    async #read(url: string): Promise<void> {
      try {
        const response = await fetch(url, { headers, signal: this.#leaving.signal });
        this.readyState = 1;
        this.dispatchEvent(new Event("open"));
        let text = "";
        for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
          text += chunk;
          const parts = text.split("\n\n");
          text = parts.pop() ?? "";
          for (const part of parts) this.#emit(part);
        }
      } catch {
        // It was closed.
      }
    }
    #emit(part: string): void {
      const field = (name: string) =>
        part
          .split("\n")
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      const lastEventId = field("id") ?? "";
      this.dispatchEvent(new MessageEvent(field("event") ?? "message", { data: field("data"), lastEventId }));
    }
  };
}
