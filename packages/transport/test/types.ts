// Every way to write an operation, a handler, an error or a call wrongly that the compiler must refuse. Checked by tsc, never run.
import { anyone, can, credential, own, session, signedIn } from "@takosumi/contracts/access";
import { events, family, get, patch, post, protocol, upload } from "@takosumi/contracts/define";
import { ApiError } from "@takosumi/contracts/errors";
import { idOf } from "@takosumi/contracts/fields";
import { newId } from "@takosumi/contracts/ids";
import type { RouterOf } from "@takosumi/contracts/router";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import superjson from "superjson";
import { z } from "zod";
import { implementFor } from "../src/handlers.ts";
import type { ProbeWorld } from "./handlers.ts";
import type { ProbeFamilies } from "./probe.ts";

const output = z.object({ ok: z.boolean() });
const byId = can("capsule:read", { capsule: "id" });

// @ts-expect-error no access rule
get("/api/things/:id", { summary: "", output });
// @ts-expect-error the operation has no input called ident
get("/api/things/:id", { summary: "", access: can("run:read", { run: "ident" }), output });
// @ts-expect-error no such permission
get("/api/things/:id", { summary: "", access: can("run:reed", { run: "id" }), output });
// @ts-expect-error no such entity
get("/api/things/:id", { summary: "", access: can("run:read", { ran: "id" }), output });
// @ts-expect-error a permission without a place to find its Workspace
get("/api/things/:id", { summary: "", access: can("run:read"), output });
// @ts-expect-error a change that does not say how it is recorded
post("/api/things/:id", { summary: "", access: byId, output });
// @ts-expect-error a GET with a body
get("/api/things/:id", { summary: "", access: byId, output, body: z.object({}) });
// @ts-expect-error a misspelt field
get("/api/things/:id", { summary: "", access: byId, output, sumary: "" });
// @ts-expect-error a stream that does not say what it sends
events("/api/things/:id/sse", { summary: "", access: byId });
// @ts-expect-error an upload without a limit
upload.post("/api/things/:id", { summary: "", access: byId, output, audit: "a.b", accepts: ["x/y"] });
// @ts-expect-error a protocol that does not say what it answers
protocol.put("/x", { summary: "", access: anyone, audit: "none: x" });
// @ts-expect-error a status that no success has
post("/api/things", { summary: "", access: anyone, audit: "a.b", output, reply: { statuses: [404] } });
// @ts-expect-error no such account permission
signedIn("account:erase");
// @ts-expect-error no such scheme
credential("basic");
// @ts-expect-error nothing has such ids
idOf("cloud");
// @ts-expect-error no such prefix
newId("x_");
newId("cap_") satisfies `cap_${string}`;
// A header is an input as any other is: a rule may point at it.
get("/api/things", {
  summary: "",
  access: can("run:read", { workspace: "x-space" }),
  headers: z.object({ "x-space": z.string() }),
  output,
});

new ApiError("CONFLICT", "", { reason: "stale", more: 1 });
// @ts-expect-error a reason of another code
new ApiError("CONFLICT", "", { reason: "missing" });
// @ts-expect-error a reason that nobody knows
new ApiError("CONFLICT", "", { reason: "stael" });
// @ts-expect-error no such code
new ApiError("TEAPOT", "");

const probe = family(
  "probe",
  { context: "deploy", about: "" },
  {
    read: get("/api/things/:id", { summary: "", access: byId, output }),
    open: get("/api/open", { summary: "", access: anyone, output }),
    mine: get("/api/mine", { summary: "", access: signedIn, output }),
    token: get("/api/token/:id", { summary: "", access: own({ token: "id" }), output }),
    browser: get("/api/browser", { summary: "", access: session, output }),
    machine: get("/api/machine", { summary: "", access: credential("runner"), output }),
    either: post("/api/either", {
      summary: "",
      access: can("run:plan", { capsule: "capsule_id" }, { workspace: "workspace_id" }),
      audit: "thing.made",
      body: z.strictObject({ capsule_id: z.string().optional(), workspace_id: z.string().optional() }),
      output,
    }),
    several: patch("/api/several", {
      summary: "",
      access: anyone,
      audit: "none: x",
      output,
      reply: { statuses: [200, 204, 303], headers: z.object({ etag: z.string() }), cookies: ["a"] },
    }),
  },
);
const implement = implementFor<ProbeWorld>();
const rest = {
  read: () => ({ ok: true }),
  open: () => ({ ok: true }),
  mine: () => ({ ok: true }),
  token: () => ({ ok: true }),
  browser: () => ({ ok: true }),
  machine: () => ({ ok: true }),
  either: () => ({ ok: true }),
  several: () => ({ status: 204 as const, headers: { etag: "" } }),
};
implement(probe, rest);
// @ts-expect-error a handler is missing
implement(probe, { read: () => ({ ok: true }) });
implement(probe, {
  ...rest,
  // @ts-expect-error an output of another type
  read: () => ({ ok: "yes" }),
  // @ts-expect-error anyone may ask, so that nobody may be asking
  open: ({ principal }) => ({ ok: principal.id === "" }),
  mine: ({ principal }) => ({ ok: principal.id === "" }),
  machine: ({ principal }) => ({ ok: principal.id === "" }),
});
implement(probe, {
  ...rest,
  // @ts-expect-error a read cannot write
  read: ({ write }) => ({ ok: !!write }),
  // @ts-expect-error nothing was located
  open: ({ capsule }) => ({ ok: !!capsule }),
  // @ts-expect-error nothing was located, so that there is no role
  mine: ({ may }) => ({ ok: may("run:read") }),
  token: ({ token, role, may }) => ({ ok: token.id === role && may("run:read") }),
});
implement(probe, {
  ...rest,
  // @ts-expect-error one of two was located: which one must be asked
  either: ({ capsule }) => ({ ok: capsule.name === "" }),
});
implement(probe, {
  ...rest,
  either: async ({ capsule, workspace, may, write }) => {
    // @ts-expect-error no such permission
    may("run:everything");
    const row = await write(
      async (tx) => tx.things.get("") ?? { id: "x", workspace_id: "", name: "" },
      ({ name }) => ({ metadata: { name } }),
    );
    // @ts-expect-error the row that work returns has an id
    await write(async () => ({ name: "" }));
    return { ok: (capsule ? capsule.name : workspace.id) === row.name };
  },
});
implement(probe, {
  ...rest,
  // @ts-expect-error a status that the contract does not name
  several: () => ({ status: 201, output: { ok: true }, headers: { etag: "" } }),
});
implement(probe, {
  ...rest,
  // @ts-expect-error the headers of the contract are missing
  several: () => ({ status: 204 }),
});
implement(probe, { ...rest, several: () => ({ status: 303, location: "/", headers: { etag: "" }, cookies: [{ name: "a", value: "" }] }) });
implement(probe, {
  ...rest,
  // @ts-expect-error a redirect without a place to go
  several: () => ({ status: 303, headers: { etag: "" } }),
});

export async function called(): Promise<void> {
  const trpc = createTRPCClient<RouterOf<ProbeFamilies>>({ links: [httpBatchLink({ url: "http://127.0.0.1", transformer: superjson })] });
  (await trpc.things.read.query({ id: "cap_1" })).thing.name satisfies string;
  (await trpc.things.list.query({})).limit satisfies number;
  await trpc.account.me.query();
  await trpc.things.update.mutate({ id: "cap_1", name: "x", "if-match": "1" });
  trpc.things.events.subscribe({ id: "cap_1" }, { onData: ({ id, data }) => [id satisfies string, data.n satisfies number] });
  // @ts-expect-error limit is a number
  trpc.things.list.query({ limit: "10" });
  // @ts-expect-error the id is missing
  trpc.things.read.query();
  // @ts-expect-error bytes are REST only
  trpc.things.archive;
  // @ts-expect-error whatever sets a cookie is REST only
  trpc.account.login;
  // @ts-expect-error a hidden family is not there
  trpc.machine;
}
