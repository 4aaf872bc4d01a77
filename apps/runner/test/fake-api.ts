import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { emptyState } from "@takosumi/contracts/runner/empty-state";
import type { RunnerEvent } from "@takosumi/contracts/runner/events";
import { Lease } from "@takosumi/contracts/runner/lease";
import type { Outcome } from "@takosumi/contracts/runner/outcome";
import { type Credentials, runnerProtocol } from "@takosumi/contracts/runner/protocol";
import { packFiles } from "@takosumi/opentofu/source";
import { z } from "zod";
import { digestOf } from "../src/cache/bytes.ts";

const { operations } = runnerProtocol;
type Given = Omit<Partial<Lease>, "run_id"> & { files?: Record<string, string>; source_bytes?: Buffer };
type Bytes = { digest: string; bytes: Buffer };

/** One Run as the other side of the wire keeps it. */
export class FakeRun {
  readonly id: string;
  lease: Lease;
  claimed = false;
  epoch = 1;
  readonly events: RunnerEvent[] = [];
  readonly inputs: Record<string, Buffer> = {};
  readonly artifacts: Record<string, Bytes[]> = {};
  readonly calls: string[] = [];
  outcome: Outcome | null = null;
  cancel: string | null = null;
  requirements: unknown[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(lease: Lease) {
    this.id = lease.run_id;
    this.lease = lease;
  }

  /** Resolves once `test` holds; looked at after every call. */
  async until(what: string, test: (run: FakeRun) => boolean, ms = 40_000): Promise<this> {
    if (test(this)) return this;
    await new Promise<void>((done, failed) => {
      const timer = setTimeout(
        () =>
          failed(
            new Error(
              `${what}: not within ${ms} ms; ${JSON.stringify({ calls: this.calls.slice(-10), outcome: this.outcome, log: this.log.slice(-500) })}`,
            ),
          ),
        ms,
      );
      const watch = () => {
        if (!test(this)) return;
        clearTimeout(timer);
        this.#watchers.delete(watch);
        done();
      };
      this.#watchers.add(watch);
    });
    return this;
  }

  async ended(): Promise<Outcome> {
    await this.until("ended", (run) => run.outcome !== null);
    return this.outcome as Outcome;
  }

  get log(): string {
    return this.events.map((event) => (event.type === "log" ? event.text : "")).join("");
  }

  get phases(): string[] {
    return this.events.flatMap((event) => (event.type === "phase" && event.state === "started" ? [event.name] : []));
  }

  /** Appends by the sequence of the first event, whatever is sent twice. */
  take({ first, events }: { first: number; events: RunnerEvent[] }): void {
    if (first > this.events.length + 1) throw new Error(`a gap: ${first} after ${this.events.length}`);
    this.events.push(...events.slice(this.events.length + 1 - first));
  }

  store(kind: string, named: string | null, bytes: Buffer): { digest: string; size_bytes: number } {
    const digest = digestOf(bytes);
    if (digest !== named) throw new Error("other bytes than named");
    this.artifacts[kind] = [...(this.artifacts[kind] ?? []), { digest, bytes }];
    return { digest, size_bytes: bytes.length };
  }

  changed(): void {
    for (const watch of this.#watchers) watch();
  }
}

/** The runner protocol over real HTTP, kept in memory. `stop` and `start` are a restart: what it holds stays. */
export class FakeApi {
  readonly runs = new Map<string, FakeRun>();
  readonly token = `tok_${randomUUID()}`;
  credentials: (phase: "plan" | "apply") => Credentials = () => ({ env: [], files: [], arguments: [] });
  /** Answers that are made but never sent, per operation: the next n. */
  readonly swallow: Record<string, number> = {};
  blocked = false;
  bound = false;
  renewSeconds = 1;
  #server: Server | null = null;
  #port = 0;
  readonly #waiting = new Set<() => void>();

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.statusCode = error instanceof z.ZodError ? 400 : 500;
        const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
        console.error("fake api:", request.url, message);
        response.end(JSON.stringify({ error: { code: error instanceof z.ZodError ? "BAD_REQUEST" : "INTERNAL_ERROR", message } }));
      });
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise((done) => server?.close(done));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async plan(given: Given): Promise<FakeRun> {
    const tar = given.source_bytes ?? (await packFiles(given.files ?? {})).tar;
    const lineage = randomUUID();
    const empty = Buffer.from(emptyState(lineage));
    const { files: _, source_bytes: __, ...lease } = given;
    const run = this.#queue({
      kind: "plan",
      source: { digest: digestOf(tar), size_bytes: tar.length },
      base: { lineage, serial: 0, digest: digestOf(empty), size_bytes: 0, stored: false },
      ...lease,
    });
    run.inputs.source = tar;
    if (run.lease.base.stored) run.inputs.state = this.#state(run.lease.base.digest);
    return this.#queued(run);
  }

  /** An apply of a plan that ended planned. */
  apply(plan: FakeRun, given: Partial<Lease> = {}, inputs: Record<string, Buffer> = {}): FakeRun {
    const outcome = plan.outcome;
    if (outcome?.result !== "planned") throw new Error(`the plan is ${JSON.stringify(outcome)}`);
    const { tool, artifacts } = outcome;
    const run = this.#queue({
      ...plan.lease,
      kind: "apply",
      plan_run_id: plan.id,
      tool: { ...tool, least: null },
      sealed: artifacts,
      bound: true,
      provider_rules: null,
      last_sequence: 0,
      ...given,
    });
    run.inputs.plan = plan.artifacts.plan?.at(-1)?.bytes ?? Buffer.alloc(0);
    run.inputs.work = plan.artifacts.work?.at(-1)?.bytes ?? Buffer.alloc(0);
    if (plan.inputs.state) run.inputs.state = plan.inputs.state;
    Object.assign(run.inputs, inputs);
    return this.#queued(run);
  }

  /** What a next Run of the same Capsule starts from. */
  static after(run: FakeRun): Pick<Lease, "base"> {
    const state = run.outcome && "state" in run.outcome ? run.outcome.state : null;
    if (!state) throw new Error("no state");
    return { base: { lineage: state.lineage, serial: state.serial, digest: state.digest, size_bytes: state.size_bytes, stored: true } };
  }

  #state(digest: string): Buffer {
    for (const run of this.runs.values()) for (const one of run.artifacts.state ?? []) if (one.digest === digest) return one.bytes;
    throw new Error("no such state");
  }

  #queue(given: Partial<Lease>): FakeRun {
    const lease = Lease.parse({
      run_id: `run_${randomUUID().replaceAll("-", "")}`,
      epoch: 1,
      mode: "normal",
      workspace_id: "ws_1",
      capsule_id: "cap_1",
      plan_run_id: null,
      module_path: "",
      targets: [],
      replace: [],
      tool: { name: "opentofu", version: null, digest: null, least: null },
      git: null,
      modules: [],
      sealed: null,
      variables: { tofu: {}, env: {} },
      secrets: [],
      bound: this.bound,
      provider_rules: null,
      last_sequence: 0,
      cancel: false,
      expires_at: new Date(Date.now() + 30_000).toISOString(),
      seconds_left: 600,
      ...given,
      ...(given.run_id === undefined ? {} : { run_id: `run_${randomUUID().replaceAll("-", "")}` }),
    });
    return new FakeRun(lease);
  }

  #queued(run: FakeRun): FakeRun {
    this.runs.set(run.id, run);
    for (const wake of this.#waiting) wake();
    return run;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://x");
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const json = () => JSON.parse(body.toString("utf8")) as Record<string, unknown>;
    const answer = (operation: string, value: unknown) => {
      if ((this.swallow[operation] ?? 0) > 0) {
        this.swallow[operation] = (this.swallow[operation] ?? 0) - 1;
        request.socket.destroy();
        return;
      }
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(value));
    };
    const refuse = (status: number, code: string, message: string) => {
      response.statusCode = status;
      response.end(JSON.stringify({ error: { code, message, details: { reason: "old_epoch" } } }));
    };
    if (request.headers.authorization !== `Bearer ${this.token}`) return refuse(401, "UNAUTHORIZED", "no");
    const [, , , head, id = "", call = "", kind = ""] = url.pathname.split("/");
    if (head === "register") {
      operations.register.spec.body.parse(json());
      return answer("register", {
        runner: { id: "rnr_1", name: "r", pool: "default" },
        settings: { lease_seconds: 30, renew_seconds: this.renewSeconds, poll_seconds: 5 },
      });
    }
    if (head === "claim")
      return answer("claim", { lease: await this.#claim(operations.claim.spec.body.parse(json()).wait_seconds, request) });
    if (head === "resume") {
      const { held } = operations.resume.spec.body.parse(json());
      const runs = held.map(({ run_id, epoch }) => this.#held(run_id, epoch)).filter((run) => run !== null);
      return answer("resume", { leases: runs.map((run) => ({ ...run.lease, last_sequence: run.events.length })) });
    }
    const given = request.method === "POST" ? json() : {};
    const run = this.#held(id, Number(given.epoch ?? url.searchParams.get("epoch")));
    if (!run) return refuse(409, "CONFLICT", "not yours");
    run.calls.push(kind ? `${call}:${kind}` : call);
    try {
      if (call === "renew")
        return answer(call, {
          cancel: run.cancel === null ? null : { reason: run.cancel },
          expires_at: new Date(Date.now() + 30_000).toISOString(),
        });
      if (call === "events") {
        run.take(operations.events.spec.body.parse(given));
        return answer(call, { last_sequence: run.events.length });
      }
      if (call === "resolve") {
        run.requirements = operations.resolve.spec.body.parse(given).requirements;
        const bindings = operations.resolve.spec.body.parse(given).requirements.map(({ provider, alias }) => ({
          provider,
          alias,
          status: this.blocked ? "blocked_missing_connection" : "resolved_provider_connection",
          connection_id: this.bound ? "conn_1" : null,
          reason: null,
          message: null,
          remedy: null,
          recipe: null,
          injected_by: null,
          env_names: [],
          file_env_names: [],
        }));
        return answer(call, { blocked: this.blocked, provider_bindings: bindings });
      }
      if (call === "credentials") return answer(call, this.credentials(operations.credentials.spec.body.parse(given).phase));
      if (call === "inputs") {
        const bytes = run.inputs[kind];
        if (!bytes) return refuse(404, "NOT_FOUND", `no ${kind}`);
        return void response.end(bytes);
      }
      if (call === "artifacts") {
        return answer(call, run.store(kind, url.searchParams.get("digest"), body));
      }
      if (call === "complete") {
        const { outcome, last_sequence, events, artifacts = [] } = operations.complete.spec.body.parse(given);
        if (events) run.take(events);
        for (const { kind: what, digest, base64 } of artifacts) run.store(what, digest, Buffer.from(base64, "base64"));
        if (last_sequence !== run.events.length) throw new Error(`complete at ${last_sequence}, but ${run.events.length} events are here`);
        if (run.outcome) throw new Error("completed twice");
        run.outcome = outcome;
        return answer(call, { status: "ok" });
      }
      return refuse(404, "NOT_FOUND", "?");
    } finally {
      run.changed();
    }
  }

  #held(id: string, epoch: number): FakeRun | null {
    const run = this.runs.get(id);
    return run && run.claimed && run.epoch === epoch && run.outcome === null ? run : null;
  }

  async #claim(seconds: number, request: IncomingMessage): Promise<Lease | null> {
    const until = Date.now() + seconds * 1000;
    const { socket } = request;
    const leaves = () => {
      for (const wake of this.#waiting) wake();
    };
    // One connection carries many claims.
    socket.once("close", leaves);
    try {
      while (!socket.destroyed) {
        const run = [...this.runs.values()].find((one) => !one.claimed);
        if (run) {
          run.claimed = true;
          return run.lease;
        }
        const left = until - Date.now();
        if (left <= 0) return null;
        await new Promise<void>((done) => {
          const wake = () => {
            clearTimeout(timer);
            this.#waiting.delete(wake);
            done();
          };
          const timer = setTimeout(wake, left);
          this.#waiting.add(wake);
        });
      }
      return null;
    } finally {
      socket.off("close", leaves);
    }
  }
}
