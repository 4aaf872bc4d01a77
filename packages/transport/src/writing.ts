import { namedBy } from "@takosumi/contracts/ids";
import type { Answer, Application, Claim, RequestContext, Row, Unit } from "./application.ts";
import type { About, Write } from "./handlers.ts";

/** Thrown into a handler whose Idempotency-Key another request has used up meanwhile. */
class ClaimLost extends Error {}

/**
 * The one transaction of a call, opened by its first `write`. A write that failed fails the call, even where the handler caught the
 * error: a transaction with a failed statement in it cannot be committed.
 */
export class Writing {
  readonly #application: Application;
  readonly #context: RequestContext;
  readonly #action: string;
  readonly #claim: Claim | null;
  #opening: Promise<Unit> | undefined;
  #failed: { readonly error: unknown } | undefined;
  #ended = false;

  constructor(application: Application, context: RequestContext, action: string, claim: Claim | null) {
    this.#application = application;
    this.#context = context;
    this.#action = action;
    this.#claim = claim;
  }

  readonly write: Write<object> = async (work, about) => {
    if (this.#ended) throw new Error(`${this.#context.operation} wrote after its call had ended`);
    const unit = await (this.#opening ??= this.#open());
    try {
      const row = await work(unit.tx);
      const said = typeof about === "function" ? about(row) : about;
      if (said !== null) await unit.record(recordOf(this.#context, this.#action, row, said));
      return row;
    } catch (error) {
      this.#failed ??= { error };
      throw error;
    }
  };

  /** Whether the key was used up by a request that ran at the same time: its answer is to be replayed. */
  get lost(): boolean {
    return this.#failed?.error instanceof ClaimLost;
  }

  async #open(): Promise<Unit> {
    const unit = await this.#application.begin(this.#context);
    try {
      if (!this.#claim || (await unit.claim(this.#claim))) return unit;
    } catch (error) {
      await unit.rollback();
      throw error;
    }
    await unit.rollback();
    const error = new ClaimLost("This Idempotency-Key is in use");
    this.#failed = { error };
    throw error;
  }

  /** Commits what was written, if anything was; `answer` is built only where a claim keeps it. */
  async commit(answer: () => Answer): Promise<void> {
    this.#ended = true;
    if (!this.#opening) return;
    const unit = await this.#opening;
    if (this.#failed) throw this.#failed.error;
    await unit.commit(this.#claim ? answer() : null);
  }

  async rollback(): Promise<void> {
    this.#ended = true;
    const unit = await this.#opening?.catch(() => undefined);
    await unit?.rollback();
  }
}

function recordOf(context: RequestContext, action: string, row: Row, about: About = {}) {
  const type = namedBy(row.id) ?? action.slice(0, action.indexOf("."));
  return {
    action: about.action ?? action,
    target: about.target ?? { type, id: row.id },
    workspace_id: about.workspace_id === undefined ? workspaceOf(row, context) : about.workspace_id,
    actor: about.actor ?? null,
    metadata: about.metadata ?? {},
    row,
  };
}

/** A new Workspace's events begin its own chain; a row says where it belongs; otherwise where the call was located. */
function workspaceOf(row: Row & { readonly workspace_id?: unknown }, context: RequestContext): string | null {
  if (namedBy(row.id) === "workspace") return row.id;
  return typeof row.workspace_id === "string" ? row.workspace_id : context.workspace_id;
}
