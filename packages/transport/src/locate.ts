import { type Access, allows, type Entity, inScope, type Permission, type Places, type Role } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import { nameOf } from "@takosumi/contracts/fields";
import type { Application, Principal } from "./application.ts";

export interface Located {
  readonly rows: Readonly<Record<string, object>>;
  readonly role: Role;
  readonly workspace_id: string | null;
}
interface Step {
  readonly entity: Entity;
  readonly input: string;
}

/** A refusal that carries the permission that was missing, for the record of denials. */
export class Forbidden extends ApiError {
  readonly permission: string | null;
  readonly workspace_id: string | null;
  constructor(
    message: string,
    reason: "role" | "scope" | "session_required" | "workspace_token" | "person_required",
    permission: string | null,
    at: string | null = null,
  ) {
    super("FORBIDDEN", message, permission ? { reason, permission } : { reason });
    this.permission = permission;
    this.workspace_id = at;
  }
}

/** What a rule asks of whoever is there, before anything is looked up. */
export function admitsCaller({ by, rule }: Access, who: Principal | null): void {
  if (!who || (by !== "caller" && by !== "session")) return;
  if (by === "session" && !who.session)
    throw new Forbidden("Only a browser session may do this: sign in at the console", "session_required", null);
  if (who.kind !== "user") throw new Forbidden("Only a person has an account", "person_required", rule || null);
  if (who.workspace_id)
    throw new Forbidden("This token is bound to a Workspace and does not act on the account", "workspace_token", rule || null);
  if (rule && !inScope(who.scopes, rule)) throw new Forbidden(`This token's scopes do not include ${rule}`, "scope", rule);
}

/** Locates the rows that a rule names, outermost first, and checks role and scopes at each. Prepared once per operation. */
export function locator(application: Application, { by, rule, at }: Access) {
  const chains = at.map((place: Places) =>
    Object.entries(place).map(([entity, input]): Step => ({ entity: entity as Entity, input: input as string })),
  );
  const personal = chains.find((chain) => chain[0]?.entity === "workspace") ?? chains[0] ?? [];
  const filled = (input: Record<string, unknown>) =>
    chains.find((chain) => chain.some((step) => input[step.input] !== undefined)) ?? personal;

  return async (input: Record<string, unknown>, reader: Principal | null): Promise<Located> => {
    const rows: Record<string, object> = {};
    let role: Role = "visitor";
    let workspace_id: string | null = null;
    for (const { entity, input: name } of filled(input)) {
      const id = input[name];
      if (id === undefined && entity !== "workspace") throw missing(name, chains);
      const found = await application.locate(entity, id === undefined ? undefined : String(id), reader, rows);
      if (!found || (reader?.workspace_id && reader.workspace_id !== found.workspace_id)) throw absent(entity, name);
      if (by === "permission") permit(found.role, reader, rule, found.workspace_id);
      rows[entity] = found.row;
      ({ role, workspace_id } = found);
    }
    return { rows, role, workspace_id };
  };
}

function permit(role: Role, who: Principal | null, permission: string, at: string | null): void {
  if (!allows(role, permission)) throw new Forbidden(`Your role, ${role}, does not include ${permission}`, "role", permission, at);
  if (who && !inScope(who.scopes, permission))
    throw new Forbidden(`This token's scopes do not include ${permission}`, "scope", permission, at);
}

/** Whether role and scopes together include a permission where the call was located. */
export const mayOf =
  ({ role }: Located, who: Principal | null) =>
  (permission: Permission): boolean =>
    allows(role, permission) && (who === null || inScope(who.scopes, permission));

/** The same for missing and foreign, wherever the id stood. */
const absent = (entity: Entity, path: string): ApiError => {
  const message = `There is no such ${nameOf(entity)}`;
  return new ApiError("NOT_FOUND", message, { fields: [{ path, message }] });
};

const missing = (path: string, chains: readonly (readonly Step[])[]): ApiError => {
  const names = chains.flatMap((chain) => chain.map((step) => step.input));
  const message = names.length > 1 ? `one of ${names.join(", ")} is needed` : "is needed";
  return new ApiError("BAD_REQUEST", names.length > 1 ? message : `${path}: ${message}`, {
    reason: "invalid",
    fields: [{ path, message }],
  });
};
