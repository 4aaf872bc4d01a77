import type { Role } from "@takosumi/contracts/access";
import type { Db, Tx } from "@takosumi/db/db";
import type {
  ArtifactRow,
  CapsuleRow,
  ConnectionRow,
  InvitationRow,
  OauthClientRow,
  PersonalAccessTokenRow,
  ProjectRow,
  RunnerPoolRow,
  RunnerRow,
  RunnerTokenRow,
  RunRow,
  SecretRow,
  ShortcutGroupRow,
  ShortcutRow,
  SourceRow,
  StateVersionRow,
  WebhookDeliveryRow,
  WebhookRow,
  WorkspaceRow,
} from "@takosumi/db/rows";
import { implementFor, type Principal } from "@takosumi/transport/handlers";
import type { InheritingCapsule } from "./deploy/capsules/repository.ts";
import type { OwnSession } from "./identity/sessions/repository.ts";
import type { Member } from "./tenancy/space-members/repository.ts";
import type { SpaceToken } from "./tenancy/space-tokens/repository.ts";

export type { Db, Tx } from "@takosumi/db/db";

/** The row behind each entity that a contract can locate. */
export interface Rows {
  readonly workspace: WorkspaceRow;
  readonly project: ProjectRow;
  readonly capsule: InheritingCapsule;
  readonly kept_capsule: CapsuleRow;
  readonly connection: ConnectionRow;
  readonly source: SourceRow;
  readonly secret: SecretRow;
  readonly run: RunRow;
  readonly artifact: ArtifactRow;
  readonly state_version: StateVersionRow;
  readonly runner: RunnerRow;
  readonly runner_pool: RunnerPoolRow;
  readonly runner_token: RunnerTokenRow;
  readonly oauth_client: OauthClientRow;
  /** A personal access token of the caller's own. */
  readonly token: PersonalAccessTokenRow;
  readonly session: OwnSession;
  readonly webhook: WebhookRow;
  readonly webhook_delivery: WebhookDeliveryRow;
  readonly deleted_workspace: WorkspaceRow;
  readonly member: Member;
  readonly invitation: InvitationRow;
  readonly space_token: SpaceToken;
  readonly shortcut: ShortcutRow;
  readonly shortcut_group: ShortcutGroupRow;
}
export interface World {
  readonly rows: Rows;
  readonly tx: Tx;
}

/** A located row, and what its reader is in the Workspace that it belongs to. */
interface Located<E extends keyof Rows> {
  readonly row: Rows[E];
  readonly role: Role;
  /** Null for what belongs to the instance. */
  readonly workspace_id: string | null;
}
/** Null for a row that does not exist, is not inside `within`, or is not the reader's to see: nobody can tell these apart. */
export type Locator<E extends keyof Rows> = (
  db: Db,
  id: string | undefined,
  reader: Principal | null,
  within: Partial<Rows>,
) => Promise<Located<E> | null>;

export const implement = implementFor<World>();
