import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { ApiError } from "@takosumi/contracts/errors";
import { type HandlersOf, implementFor } from "../src/handlers.ts";
import type { MemoryTx, Thing } from "./memory.ts";
import { account, machine, managed, type ProbeFamilies, things, wire } from "./probe.ts";

interface Rows {
  readonly workspace: { readonly id: string };
  readonly project: { readonly id: string };
  readonly capsule: Thing;
  readonly token: { readonly id: string };
  readonly repo: { readonly id: string };
  readonly pull: { readonly id: string };
}
export interface ProbeWorld {
  readonly rows: Rows;
  readonly tx: MemoryTx;
}
const implement = implementFor<ProbeWorld>();

/** Places where a test looks into a handler, or holds it up. */
export interface Probes {
  /** Called once each time a stream is asked for one more batch. */
  pulled: number;
  begun: string[];
  ended: string[];
  /** Awaited inside `create`'s write. */
  hold: () => Promise<void>;
}

const digest = async (body: Readable) => {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, digest: hash.digest("hex") };
};

export const handlersOf = (probes: Probes): HandlersOf<ProbeFamilies, ProbeWorld> => {
  let made = 1;
  return {
    things: implement(things, {
      read: ({ capsule }) => ({ thing: { ...capsule, kept: "from others" } }),
      list: ({ input, project, workspace }) => ({
        limit: input.limit,
        only: input.only,
        tags: input.tag ?? [],
        at: (project ?? workspace).id,
        next_cursor: null,
      }),
      create: async ({ input, workspace, write }) => {
        const thing = await write(
          async ({ things: rows }) => {
            const row = { id: `cap_${++made}`, workspace_id: workspace.id, name: input.name };
            if ([...rows.values()].some((other) => other.name === input.name))
              throw new ApiError("CONFLICT", "The name is taken", { reason: "name_taken" });
            rows.set(row.id, row);
            await probes.hold();
            return row;
          },
          (row) => ({ metadata: { name: row.name } }),
        );
        if (input.secret === "unfit") return { thing: { ...thing, name: 5 as unknown as string } };
        if (input.secret === "fail") throw new Error("after the write");
        return { thing };
      },
      update: async ({ input, capsule, write }) => {
        if (input["if-match"] === "old") throw new ApiError("PRECONDITION_FAILED", "It changed", { reason: "changed" });
        const thing = await write(
          ({ things: rows }) => {
            const row = { ...capsule, name: input.name };
            rows.set(row.id, row);
            return row;
          },
          { action: "thing.renamed", target: { type: "thing", id: "thing_1" } },
        );
        const headers = { etag: '"2"' };
        if (input["if-match"] === "later") return { status: 202, output: { thing }, headers };
        return input["if-match"] === "silent" ? { status: 204, headers } : { status: 200, output: { thing }, headers };
      },
      replace: ({ input, capsule }) => ({ thing: { ...capsule, ...input } }),
      remove: async ({ capsule, input, write }) => {
        await write(({ things: rows }) => {
          if (!input.force) throw new ApiError("CONFLICT", "It is in use", { reason: "in_use" });
          rows.delete(capsule.id);
          return capsule;
        });
      },
      destroy: ({ capsule, role, may }) => {
        if (role === "editor") throw new ApiError("FORBIDDEN", "Editors do not destroy", { reason: "policy" });
        return { role, may_destroy: may("run:destroy"), id: capsule.id };
      },
      logs: ({ input }) => ({ log: "three\nlines\nof text\n".slice(input.offset), next_offset: 20, complete: true, hint: null }),
      events: async function* ({ input, after, signal }) {
        const start = after === null ? 0 : Number(after);
        try {
          for (let n = start + 1; n <= input.until && !signal.aborted; n += 2) {
            probes.pulled += 1;
            if (input.until === 13 && n > 2) throw new Error("broke in the middle");
            const size = input.until > 100_000 ? 100_000 : 1;
            yield [n, n + 1]
              .filter((each) => each <= input.until)
              .map((each) => ({ id: String(each), data: { n: each, text: "x".repeat(size), kept: "from others" } }));
          }
          if (input.until === 42) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        } finally {
          probes.ended.push("events");
        }
      },
      follow: async function* ({ messages }) {
        let n = 0;
        yield [{ n, text: "hello" }];
        try {
          for await (const { by } of messages) {
            n += by;
            yield by === 100 ? Array.from({ length: 100 }, (_, i) => ({ n: i, text: "many" })) : [{ n, text: "sum" }];
            if (n === 7) return;
          }
        } finally {
          probes.ended.push("follow");
        }
      },
      archive: ({ capsule }) => ({
        body: Readable.from([Buffer.from("bytes of "), Buffer.from(capsule.name)]),
        type: "application/gzip",
        name: 'ä"b.tar.gz',
      }),
      store: async ({ file, capsule, write }) => {
        const stored = await digest(file.body);
        await write(() => capsule);
        return stored;
      },
      restore: ({ file }) => digest(file.body),
      deep: ({ input, principal, pull }) => ({ ref: input.ref, path: `${pull.id}:${input.path}`, who: principal?.id ?? null }),
    }),
    account: implement(account, {
      me: ({ principal }) => ({ id: principal.id }),
      read: ({ principal }) => ({ id: principal.id }),
      token: ({ token }) => ({ id: token.id }),
      password: async ({ principal, write }) => {
        await write(() => ({ id: principal.id }), { workspace_id: null });
      },
      login: ({ input }) => {
        if (input.as === "redirect") return { status: 303, location: "/console", cookies: [{ name: "tp_session", value: "", max_age: 0 }] };
        const name = input.as === "wrong" ? "other" : "tp_session";
        return { status: 200, output: { ok: true }, cookies: [{ name, value: "a b;c", max_age: 60, secure: true }] };
      },
      health: () => ({ status: "ok" }),
      broken: ({ input }) => {
        if (input.how === "unfit") return { ok: "secret column" as unknown as boolean };
        if (input.how === "busy") throw new ApiError("UNAVAILABLE", "Busy", { reason: "busy" });
        throw new Error(input.how === "database" ? "ECONNREFUSED" : "column secret does not exist");
      },
      wait: ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            probes.ended.push("wait");
            resolve({ ok: false });
          });
          probes.begun.push("wait");
        }),
    }),
    wire: implement(wire, {
      refs: ({ input, principal, response }) => {
        if (principal === null && input.repo === "closed")
          throw new ApiError("UNAUTHORIZED", "Send a user and a token", { reason: "missing" });
        response.writeHead(200, { "content-type": "application/x-git" }).end(`${input.owner}/${input.repo} ${input.service}`);
      },
      push: async ({ input, request, response, write }) => {
        const { size } = await digest(request);
        await write(() => ({ id: "repo_1" }), { metadata: { size } });
        response.writeHead(200).end(`${input.repo} took ${size}`);
      },
      token: ({ input, response }) =>
        void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ code: input.code })),
      put: async ({ request, response }) => void response.end(`put ${(await digest(request)).size}`),
      del: ({ input, response }) => void response.end(`deleted ${input.name}`),
    }),
    machine: implement(machine, { claim: ({ principal }) => ({ runner: principal.id }) }),
    managed: implement(managed, { bill: () => ({ due: 0 }) }),
  };
};
