// A small application in memory: what apps/api is to the product.
import type { Entity, Role } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import type { Answer, Application, AuditRecord, Claim, Denial, Principal, Replay, RequestContext, Row, Unit } from "../src/application.ts";

export interface Thing extends Row {
  readonly workspace_id: string;
  readonly name: string;
}
/** The transaction: changes that become visible when it commits. */
export interface MemoryTx {
  readonly things: Map<string, Thing>;
}

const workspace = "ws_acme";
export const principals: Record<string, Principal> = {
  owner: principal("owner"),
  editor: principal("editor"),
  viewer: principal("viewer"),
  stranger: principal("stranger"),
  reader: { ...principal("owner"), scopes: ["capsule:read", "run:read", "run:plan"], token_id: "pat_reader" },
  bound: { ...principal("owner"), workspace_id: "ws_other", token_id: "pat_bound" },
  browser: { ...principal("owner"), session: true },
  runner: { ...principal("rnr_1"), kind: "runner" },
};
const members: Record<string, Role> = { owner: "owner", editor: "editor", viewer: "viewer" };

function principal(id: string): Principal {
  return { id, kind: "user", name: id, scopes: "*", token_id: `pat_${id}`, address: null };
}

export class Memory implements Application {
  things = new Map<string, Thing>([["cap_1", { id: "cap_1", workspace_id: workspace, name: "first" }]]);
  readonly claims = new Map<string, Replay>();
  readonly audit: AuditRecord[] = [];
  readonly denials: Denial[] = [];
  readonly log: string[] = [];
  readonly #held = new Map<string, Promise<void>>();
  requestsLeft = Number.POSITIVE_INFINITY;
  failCommit = false;

  async authenticate({ headers, scheme }: Parameters<Application["authenticate"]>[0]): Promise<Principal | null> {
    const { authorization } = headers;
    if (authorization === undefined || scheme === "git-basic" || scheme === "oauth-client") return null;
    const found = principals[authorization.replace("Bearer ", "")];
    if (!found) throw new ApiError("UNAUTHORIZED", "This token is not valid: make a new one", { reason: "invalid" });
    return found;
  }

  admit(): void {
    if (this.requestsLeft-- <= 0)
      throw new ApiError("RATE_LIMITED", "Too many requests: wait", { reason: "requests", retry_after_ms: 1_500 });
  }

  async locate(entity: Entity, id: string | undefined, reader: Principal | null, within: object) {
    if (entity === "repo") return id === "repo_public" ? { row: { id }, role: "visitor" as const, workspace_id: workspace } : null;
    if (entity === "pull")
      return "repo" in within && id === "7" ? { row: { id: "pull_7" }, role: "visitor" as const, workspace_id: workspace } : null;
    if (entity === "token") return id === reader?.token_id ? { row: { id }, role: "owner" as const, workspace_id: null } : null;
    const role = members[reader?.id ?? ""];
    const row =
      entity === "workspace"
        ? id === undefined || id === "me" || id === workspace
          ? { id: workspace }
          : null
        : entity === "capsule"
          ? this.things.get(id ?? "")
          : null;
    return row && role ? { row, role, workspace_id: workspace } : null;
  }

  async begin(context: RequestContext): Promise<Unit> {
    this.log.push(`begin ${context.operation}`);
    const things = new Map(this.things);
    const records: AuditRecord[] = [];
    let claimed: Claim | undefined;
    let release = () => {};
    const tx: MemoryTx = { things };
    return {
      tx,
      claim: async (claim) => {
        const key = `${claim.principal_id} ${claim.key}`;
        while (this.#held.has(key)) await this.#held.get(key);
        if (this.claims.has(key)) return false;
        this.#held.set(key, new Promise((resolve) => (release = () => (this.#held.delete(key), resolve()))));
        claimed = claim;
        return true;
      },
      record: (event) => void records.push(event),
      commit: async (answer: Answer | null) => {
        if (this.failCommit) throw new Error("serialization failure");
        this.things = things;
        this.audit.push(...records);
        if (claimed && answer)
          this.claims.set(`${claimed.principal_id} ${claimed.key}`, { ...answer, operation: claimed.operation, digest: claimed.digest });
        this.log.push("commit");
        release();
      },
      rollback: async () => {
        this.log.push("rollback");
        release();
      },
    };
  }

  async replay({ principal_id, key }: Claim): Promise<Replay | null> {
    return this.claims.get(`${principal_id} ${key}`) ?? null;
  }

  denied(denial: Denial): void {
    this.denials.push(denial);
  }

  translate(error: unknown): ApiError | null {
    const lost = error instanceof Error && error.message === "ECONNREFUSED";
    return lost ? new ApiError("UNAVAILABLE", "The database cannot be reached", { reason: "database", retry_after_ms: 10_000 }) : null;
  }

  failurePage({ message }: ApiError) {
    return { headers: { "content-type": "text/html" }, text: `<p>${message}</p>` };
  }
}
