// One family of every operation kind and vocabulary item, and one hidden one.
import { anyone, can, credential, own, session, signedIn } from "@takosumi/contracts/access";
import { del, download, events, family, get, patch, post, protocol, put, socket, upload } from "@takosumi/contracts/define";
import { count, flag, idOf, json, nextCursor, nothing, opaqueId, paging, workspaceId } from "@takosumi/contracts/fields";
import { z } from "zod";

export const Thing = z.object({ id: opaqueId, name: z.string() }).meta({ id: "Thing" });
const one = z.object({ thing: Thing });
const name = z.string().min(1).max(100);
const byId = { capsule: "id" } as const;

export const Noted = z.object({ n: z.int(), text: z.string() });

export const things = family(
  "things",
  { context: "deploy", about: "Probes." },
  {
    read: get("/api/things/:id", { summary: "One", access: can("capsule:read", byId), output: one }),
    list: get("/api/things", {
      summary: "Some",
      access: can("capsule:read", { project: "project_id" }, { workspace: "workspace_id" }),
      query: z.object({
        project_id: idOf("project").optional(),
        workspace_id: workspaceId.optional(),
        only: flag.default(false),
        tag: z.array(z.string()).optional(),
        ...paging,
      }),
      output: z.object({ limit: z.int(), only: z.boolean(), tags: z.array(z.string()), at: z.string(), ...nextCursor }),
    }),
    create: post("/api/things", {
      summary: "Make one",
      about: "It is **made**.",
      access: can("capsule:write", { workspace: "workspace_id" }),
      audit: "thing.created",
      body: z
        .strictObject({
          workspace_id: workspaceId.optional(),
          name,
          secret: z.string().optional(),
          nested: z.strictObject({ secret_id: idOf("secret") }).optional(),
          any: json.optional(),
        })
        .refine((thing) => thing.name !== "forbidden", { path: ["name"], error: "is a name that nothing may have" }),
      output: one,
      status: 201,
      examples: [{ summary: "A thing", value: { name: "first" } }],
      errors: ["CONFLICT"],
    }),
    update: patch("/api/things/:id", {
      summary: "Change one",
      access: can("capsule:write", byId),
      audit: "thing.updated",
      headers: z.object({ "if-match": z.string().max(100) }),
      body: z.strictObject({ name }),
      output: one,
      reply: { statuses: [200, 202, 204], headers: z.object({ etag: z.string() }) },
      errors: ["PRECONDITION_FAILED"],
    }),
    replace: put("/api/things/:id", {
      summary: "Replace one",
      access: can("capsule:write", byId),
      audit: "none: a probe",
      body: z.strictObject({ name }),
      output: one,
    }),
    remove: del("/api/things/:id", {
      summary: "Remove one",
      access: can("capsule:write", byId),
      audit: "thing.removed",
      query: z.object({ force: flag.default(false) }),
      output: nothing,
      status: 204,
    }),
    destroy: post("/api/things/:id/destroy", {
      summary: "Asks may()",
      access: can("run:plan", byId),
      audit: "thing.destroyed",
      output: z.object({ role: z.string(), may_destroy: z.boolean(), id: z.string() }),
    }),
    logs: get("/api/things/:id/logs", {
      summary: "Text",
      access: can("run:read", byId),
      query: z.object({ offset: count(1_000, 0).default(0) }),
      output: z.object({ log: z.string(), next_offset: z.int(), complete: z.boolean(), hint: z.string().nullable() }),
      plain: "log",
    }),
    events: events("/api/things/:id/sse", {
      summary: "Follow",
      access: can("run:read", byId),
      query: z.object({ until: count(1_000_000).default(5) }),
      emits: Noted,
    }),
    follow: socket("/api/things/:id/ws", {
      summary: "Talk",
      access: can("run:read", byId),
      emits: Noted,
      receives: z.strictObject({ type: z.literal("add"), by: z.int() }),
    }),
    archive: download("/api/things/:id/archive", { summary: "Bytes", access: can("capsule:read", byId), produces: ["application/gzip"] }),
    store: upload.post("/api/things/:id/archive", {
      summary: "Bytes in",
      access: can("source:write", byId),
      audit: "thing.stored",
      accepts: ["application/gzip"],
      limit: 100_000,
      output: z.object({ size: z.int(), digest: z.string() }),
      status: 201,
    }),
    restore: upload.put("/api/things/:id/archive", {
      summary: "Bytes in again",
      access: can("source:write", byId),
      audit: "none: a probe",
      accepts: ["application/gzip"],
      limit: 100_000,
      output: z.object({ size: z.int(), digest: z.string() }),
    }),
    deep: get("/api/things/:id/files/:ref/*", {
      summary: "A row in a row, and a path",
      access: can("repo:read", { repo: "id", pull: "ref" }),
      params: z.object({ ref: count(1_000), path: z.string().max(1_000) }),
      output: z.object({ ref: z.int(), path: z.string(), who: z.string().nullable() }),
    }),
  },
);

export const account = family(
  "account",
  { context: "identity", about: "The caller's own." },
  {
    me: get("/api/me", { summary: "Me", access: signedIn, output: z.object({ id: z.string() }) }),
    read: get("/api/account", { summary: "Account", access: signedIn("account:read"), output: z.object({ id: z.string() }) }),
    token: get("/api/account/tokens/:id", {
      summary: "A token",
      access: own({ token: "id" }, "account:read"),
      output: z.object({ id: z.string() }),
    }),
    password: put("/api/account/password", {
      summary: "By session",
      access: session,
      audit: "account.changed",
      body: z.strictObject({ password: z.string() }),
      output: nothing,
      status: 204,
    }),
    login: post("/api/login", {
      summary: "A cookie and a redirect",
      access: anyone,
      audit: "session.created",
      body: z.strictObject({ to: z.string(), as: z.enum(["cookie", "redirect", "wrong"]) }),
      output: z.object({ ok: z.boolean() }),
      reply: { statuses: [200, 303], cookies: ["tp_session"] },
    }),
    health: get("/healthz", { summary: "Alive", access: anyone, output: z.object({ status: z.string() }) }),
    broken: get("/api/broken/:how", {
      summary: "Fails",
      access: anyone,
      params: z.object({ how: z.enum(["throw", "unfit", "database", "busy"]) }),
      output: z.object({ ok: z.boolean() }),
    }),
    wait: post("/api/wait", {
      summary: "Ends with its client",
      access: anyone,
      audit: "none: a probe",
      output: z.object({ ok: z.boolean() }),
    }),
  },
);

export const wire = family(
  "wire",
  { context: "code", about: "Formats of their own." },
  {
    refs: protocol.get("/git/:owner/:repo.git/info/refs", {
      summary: "Refs",
      access: credential("git-basic"),
      audit: "none: reads",
      params: z.object({ owner: z.string(), repo: z.string() }),
      query: z.object({ service: z.enum(["git-upload-pack"]) }),
      produces: ["application/x-git"],
    }),
    push: protocol.post("/git/:owner/:repo.git/push", {
      summary: "Push",
      access: credential("git-basic"),
      audit: "repo.pushed",
      params: z.object({ owner: z.string(), repo: z.string() }),
      produces: ["application/x-git"],
    }),
    token: protocol.post("/oauth/token", {
      summary: "A form",
      access: credential("oauth-client"),
      audit: "none: a probe",
      body: z.strictObject({ grant_type: z.literal("code"), code: z.string() }),
      speaks: "oauth",
      produces: ["application/json"],
    }),
    put: protocol.put("/dav/:name", { summary: "Put", access: anyone, audit: "none: a probe", produces: ["text/plain"] }),
    del: protocol.del("/dav/:name", { summary: "Delete", access: anyone, audit: "none: a probe", produces: ["text/plain"] }),
  },
);

export const machine = family(
  "machine",
  { context: "runner", about: "Hidden." },
  {
    claim: post("/api/machine/claim", {
      summary: "Claim",
      access: credential("runner"),
      audit: "none: a probe",
      body: z.strictObject({ slots: z.int() }),
      output: z.object({ runner: z.string() }),
      limit: 4 * 1024 * 1024,
    }),
  },
);
export const managed = family(
  "managed",
  { context: "cloud", about: "Off." },
  {
    bill: get("/api/bill", { summary: "A bill", access: signedIn, output: z.object({ due: z.int() }) }),
  },
);

export const families = { things, account, wire, machine, managed } as const;
export type ProbeFamilies = typeof families;
