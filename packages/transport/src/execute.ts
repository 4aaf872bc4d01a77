import type { IncomingHttpHeaders } from "node:http";
import { needsCaller, type Scheme } from "@takosumi/contracts/access";
import type { Operation } from "@takosumi/contracts/define";
import { ApiError, Trespass } from "@takosumi/contracts/errors";
import { inputOf, type Stray } from "@takosumi/contracts/input";
import { type Answered, answerer } from "./answers.ts";
import type { Application, Claim, Door, Origin, Principal, RequestContext } from "./application.ts";
import { claimOf, sameRequest, takesKey } from "./idempotency.ts";
import { fieldsOfIssues, invalid } from "./issues.ts";
import { admitsCaller, Forbidden, type Located, locator, mayOf } from "./locate.ts";
import { refuseUnsafe } from "./raw-input.ts";
import { Writing } from "./writing.ts";

/** What stands at the door: a Fastify request is one. */
export interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly id: string;
  readonly method: string;
}
/** A call that may go on: who asks, for what, and with which rows. */
export interface Ready {
  readonly context: RequestContext;
  readonly input: Record<string, unknown>;
  readonly located: Located | null;
}
type Handle = (call: object) => unknown;
/** What the kind adds to a call, and where its signal comes from; the signal is made only if the handler asks for it. */
export interface Extra {
  readonly signal: () => AbortSignal;
  readonly more?: object;
}

/** The one way in, for every surface, in this order: `enter`, `ready`, then `answer` (JSON, uploads) or `call` (everything else). */
export interface Pipeline {
  readonly id: string;
  readonly operation: Operation;
  /** Authenticates and counts against the rate limit. Nobody's body has been read yet. */
  enter(arrival: Arrival): Promise<Principal | null>;
  /** Parses the flat input, locates, authorizes. `strays` is what the surface already found wrong. */
  ready(arrival: Arrival, principal: Principal | null, raw: Record<string, unknown>, strays?: Stray[]): Promise<Ready>;
  /** Idempotency, handler, output, commit. */
  answer(arrival: Arrival, ready: Ready, extra: Extra): Promise<Answered>;
  /** The bare handler, for the kinds that answer in their own way. A write in it commits at once. */
  call(arrival: Arrival, ready: Ready, extra: Extra): Promise<unknown>;
}

/** What a handler gets. The signal is a getter of the class, so that making a call costs no more than filling it in. */
class Call {
  readonly input: Ready["input"];
  readonly principal: Principal | null;
  readonly request_id: string;
  readonly from: Origin;
  readonly #signal: () => AbortSignal;

  constructor({ context, input, located }: Ready, { signal, more }: Extra, write: object | null) {
    this.input = input;
    this.principal = context.principal;
    this.request_id = context.request_id;
    this.from = context;
    this.#signal = signal;
    if (located) Object.assign(this, located.rows, { role: located.role, may: mayOf(located, context.principal) });
    if (more) Object.assign(this, more);
    if (write) Object.assign(this, write);
  }
  get signal(): AbortSignal {
    return this.#signal();
  }
}

/** Prepares all that an operation needs, once. */
export function pipelineOf(application: Application, id: string, operation: Operation, handle: Handle): Pipeline {
  const { kind, spec } = operation;
  const { access } = spec;
  const schema = inputOf(operation);
  const locate = access.at.length > 0 ? locator(application, access) : null;
  const answered = answerer(id, operation);
  const action = spec.audit && !spec.audit.startsWith("none:") ? spec.audit : null;
  const keyed = takesKey(operation);
  const scheme: Door["scheme"] = access.by === "credential" ? (access.rule as Scheme) : "any";
  const closed = needsCaller(access);

  const denied = async (arrival: Arrival, principal: Principal | null, error: unknown, workspace_id: string | null): Promise<void> => {
    if (!(error instanceof ApiError)) return;
    if (error.code !== "FORBIDDEN" && error.code !== "UNAUTHORIZED" && !(error instanceof Trespass)) return;
    const { permission = null } = error instanceof Forbidden ? error : {};
    const { workspace_id: at } = error instanceof Forbidden || error instanceof Trespass ? error : { workspace_id: null };
    const { code, message } = error;
    const where = { operation: id, ...originOf(arrival), principal, workspace_id: at ?? workspace_id };
    await application.denied({ ...where, code, message, permission, about: error instanceof Trespass ? error.about : {} });
  };

  return {
    id,
    operation,

    async enter(arrival) {
      const { headers, ip: address, method } = arrival;
      let principal: Principal | null = null;
      try {
        principal = await application.authenticate({ headers, address, scheme, method, upgrade: kind === "socket" });
      } catch (error) {
        await denied(arrival, null, error, null);
        throw error;
      }
      const admitting = application.admit(principal, address, id, arrival);
      if (admitting) await admitting;
      if (closed && (!principal || (scheme === "runner" && principal.kind !== "runner")))
        throw new ApiError("UNAUTHORIZED", asks(scheme), { reason: "missing" });
      try {
        admitsCaller(access, principal);
      } catch (error) {
        await denied(arrival, principal, error, null);
        throw error;
      }
      return principal;
    },

    async ready(arrival, principal, raw, strays = []) {
      const before = strays.length;
      refuseUnsafe(raw, strays);
      if (strays.length > before) throw invalid(strays);
      const parsed = schema.safeParse(raw);
      if (!parsed.success) strays.push(...fieldsOfIssues(parsed.error.issues));
      if (strays.length > 0 || !parsed.success) throw invalid(strays);
      const input = parsed.data;
      let located: Located | null = null;
      try {
        if (locate) located = await locate(input, principal);
      } catch (error) {
        await denied(arrival, principal, error, null);
        throw error;
      }
      const { rows = {}, workspace_id = null } = located ?? {};
      const context = { operation: id, method: operation.method, ...originOf(arrival), principal, workspace_id, located: rows };
      return { context, input, located };
    },

    async answer(arrival, ready, extra) {
      const { context, input } = ready;
      const claim = keyed ? claimOf(id, arrival.headers["idempotency-key"], context.principal, input) : null;
      const earlier = claim && (await application.replay(claim));
      if (claim && earlier) return replayed(sameRequest(claim, earlier));
      const writing = action === null ? null : new Writing(application, context, action, claim);
      try {
        const answer = answered(await handle(new Call(ready, extra, writing && { write: writing.write })));
        if (!writing) return answer;
        const text = claim ? textOf(answer) : undefined;
        await writing.commit(() => ({ status: answer.status, headers: answer.headers ?? {}, body: text ?? "" }));
        return text === undefined ? answer : { ...answer, text };
      } catch (error) {
        await writing?.rollback();
        if (claim && writing?.lost) return replayed(sameRequest(claim, await winner(application, claim)));
        await denied(arrival, context.principal, error, context.workspace_id);
        throw error;
      }
    },

    async call(arrival, ready, extra) {
      const write = action === null ? null : { write: atOnce(application, ready.context, action) };
      try {
        return await handle(new Call(ready, extra, write));
      } catch (error) {
        await denied(arrival, ready.context.principal, error, ready.context.workspace_id);
        throw error;
      }
    },
  };
}

const longestAgent = 256;
const originOf = ({ id, ip, headers }: Arrival): Origin => ({
  request_id: id,
  address: ip,
  user_agent: headers["user-agent"]?.slice(0, longestAgent) || null,
});

const asks = (scheme: Door["scheme"]): string =>
  scheme === "runner" ? "Send a runner's token as Authorization: Bearer …" : "Sign in, or send a token as Authorization: Bearer …";

export const textOf = ({ status, output, text }: Answered): string => text ?? (status === 204 ? "" : (JSON.stringify(output) ?? ""));

const replayed = ({ status, headers, body }: { status: number; headers: Readonly<Record<string, string>>; body: string }): Answered => ({
  status,
  headers,
  cookies: undefined,
  output: body === "" ? undefined : JSON.parse(body),
  text: body,
  replayed: true,
});

/** The answer of the request that held the key. Gone only where it expired in this very moment. */
async function winner(application: Application, claim: Claim) {
  const replay = await application.replay(claim);
  if (replay) return replay;
  throw new ApiError("UNAVAILABLE", "Another request with this Idempotency-Key is just ending: send it again", {
    reason: "busy",
    retry_after_ms: 1_000,
  });
}

/** `write` where the handler answers by itself: one transaction a write. */
const atOnce =
  (application: Application, context: RequestContext, action: string): Writing["write"] =>
  async (work, about) => {
    const writing = new Writing(application, context, action, null);
    try {
      const row = await writing.write(work, about);
      await writing.commit(() => ({ status: 200, headers: {}, body: "" }));
      return row;
    } catch (error) {
      await writing.rollback();
      throw error;
    }
  };
