import { artifacts } from "./deploy/artifacts.ts";
import { audit } from "./deploy/audit.ts";
import { capsules } from "./deploy/capsules.ts";
import { connections } from "./deploy/connections.ts";
import { outputs } from "./deploy/outputs.ts";
import { projects } from "./deploy/projects.ts";
import { recipes } from "./deploy/recipes.ts";
import { runEvents } from "./deploy/run-events.ts";
import { runnerPools } from "./deploy/runner-pools.ts";
import { runnerTokens } from "./deploy/runner-tokens.ts";
import { runners } from "./deploy/runners.ts";
import { runs } from "./deploy/runs.ts";
import { secrets } from "./deploy/secrets.ts";
import { sources } from "./deploy/sources.ts";
import { state } from "./deploy/state.ts";
import { accessTokens } from "./identity/access-tokens.ts";
import { auth } from "./identity/auth.ts";
import { authPages } from "./identity/auth-pages.ts";
import { authServer } from "./identity/auth-server.ts";
import { me } from "./identity/me.ts";
import { oauthAccess } from "./identity/oauth-access.ts";
import { oauthClients } from "./identity/oauth-clients.ts";
import { oauthConsent } from "./identity/oauth-consent.ts";
import { oauthServer } from "./identity/oauth-server.ts";
import { sessions } from "./identity/sessions.ts";
import { setup } from "./identity/setup.ts";
import { wellKnown } from "./identity/well-known.ts";
import { health } from "./instance/health.ts";
import { notifications } from "./notifications/notifications.ts";
import { webhooks } from "./notifications/webhooks.ts";
import { runnerProtocol } from "./runner/protocol.ts";
import { commonEnv } from "./tenancy/common-env.ts";
import { invitations } from "./tenancy/invitations.ts";
import { seedRepositories } from "./tenancy/seed-repositories.ts";
import { shortcutGroups } from "./tenancy/shortcut-groups.ts";
import { shortcuts } from "./tenancy/shortcuts.ts";
import { spaceMembers } from "./tenancy/space-members.ts";
import { spaceTokens } from "./tenancy/space-tokens.ts";
import { spaces } from "./tenancy/spaces.ts";

/** Everything that the product serves. */
export const families = {
  projects,
  capsules,
  sources,
  connections,
  recipes,
  secrets,
  runs,
  runEvents,
  artifacts,
  state,
  outputs,
  audit,
  runnerPools,
  runnerTokens,
  runners,
  setup,
  me,
  accessTokens,
  sessions,
  auth,
  authServer,
  authPages,
  notifications,
  webhooks,
  oauthClients,
  oauthAccess,
  oauthConsent,
  oauthServer,
  wellKnown,
  spaces,
  spaceMembers,
  invitations,
  spaceTokens,
  commonEnv,
  shortcuts,
  shortcutGroups,
  seedRepositories,
  health,
  runnerProtocol,
} as const;
export type Families = typeof families;
