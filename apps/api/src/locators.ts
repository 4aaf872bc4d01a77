import { locateArtifact } from "./deploy/artifacts/repository.ts";
import { locateCapsule, locateKeptCapsule } from "./deploy/capsules/repository.ts";
import { locateConnection } from "./deploy/connections/repository.ts";
import { locateProject } from "./deploy/projects/repository.ts";
import { locatePool } from "./deploy/runner-pools/repository.ts";
import { locateRunnerToken } from "./deploy/runner-tokens/repository.ts";
import { locateRunner } from "./deploy/runners/repository.ts";
import { locateRun } from "./deploy/runs/repository.ts";
import { locateSecret } from "./deploy/secrets/repository.ts";
import { locateSource } from "./deploy/sources/repository.ts";
import { locateState } from "./deploy/state/repository.ts";
import { locateToken } from "./identity/access-tokens/repository.ts";
import { locateOauthClient } from "./identity/oauth-clients/repository.ts";
import { locateSession } from "./identity/sessions/repository.ts";
import { locateDelivery, locateWebhook } from "./notifications/webhooks/repository.ts";
import { locateInvitation } from "./tenancy/invitations/repository.ts";
import { locateShortcutGroup } from "./tenancy/shortcut-groups/repository.ts";
import { locateShortcut } from "./tenancy/shortcuts/repository.ts";
import { locateMember } from "./tenancy/space-members/repository.ts";
import { locateSpaceToken } from "./tenancy/space-tokens/repository.ts";
import { locateDeleted } from "./tenancy/spaces/repository.ts";
import { locateWorkspace } from "./tenancy/workspaces/repository.ts";
import type { Locator, Rows } from "./world.ts";

/** One locator per entity that a contract locates. */
export const locators: { readonly [E in keyof Rows]: Locator<E> } = {
  workspace: locateWorkspace,
  project: locateProject,
  capsule: locateCapsule,
  kept_capsule: locateKeptCapsule,
  connection: locateConnection,
  source: locateSource,
  secret: locateSecret,
  run: locateRun,
  artifact: locateArtifact,
  state_version: locateState,
  runner: locateRunner,
  runner_pool: locatePool,
  runner_token: locateRunnerToken,
  oauth_client: locateOauthClient,
  token: locateToken,
  session: locateSession,
  webhook: locateWebhook,
  webhook_delivery: locateDelivery,
  deleted_workspace: locateDeleted,
  member: locateMember,
  invitation: locateInvitation,
  space_token: locateSpaceToken,
  shortcut: locateShortcut,
  shortcut_group: locateShortcutGroup,
};
