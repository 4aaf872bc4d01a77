import type { Families } from "@takosumi/contracts/families";
import type { HandlersOf } from "@takosumi/transport/handlers";
import { artifactHandlers } from "./deploy/artifacts/handlers.ts";
import { auditHandlers } from "./deploy/audit/handlers.ts";
import { capsuleHandlers } from "./deploy/capsules/handlers.ts";
import { connectionHandlers } from "./deploy/connections/handlers.ts";
import { outputHandlers } from "./deploy/outputs/handlers.ts";
import { projectHandlers } from "./deploy/projects/handlers.ts";
import { recipeHandlers } from "./deploy/recipes/handlers.ts";
import { runEventHandlers } from "./deploy/run-events/handlers.ts";
import { runnerPoolHandlers } from "./deploy/runner-pools/handlers.ts";
import { runnerTokenHandlers } from "./deploy/runner-tokens/handlers.ts";
import { runnerHandlers } from "./deploy/runners/handlers.ts";
import { runHandlers } from "./deploy/runs/handlers.ts";
import { secretHandlers } from "./deploy/secrets/handlers.ts";
import { sourceHandlers } from "./deploy/sources/handlers.ts";
import { stateHandlers } from "./deploy/state/handlers.ts";
import { accessTokenHandlers } from "./identity/access-tokens/handlers.ts";
import { authHandlers } from "./identity/auth/handlers.ts";
import { authPageHandlers } from "./identity/auth-pages/handlers.ts";
import { authServerHandlers } from "./identity/auth-server/handlers.ts";
import { meHandlers } from "./identity/me/handlers.ts";
import { oauthAccessHandlers } from "./identity/oauth-access/handlers.ts";
import { oauthClientHandlers } from "./identity/oauth-clients/handlers.ts";
import { oauthConsentHandlers } from "./identity/oauth-consent/handlers.ts";
import { oauthServerHandlers } from "./identity/oauth-server/handlers.ts";
import { sessionHandlers } from "./identity/sessions/handlers.ts";
import { setupHandlers } from "./identity/setup/handlers.ts";
import { wellKnownHandlers } from "./identity/well-known/handlers.ts";
import { healthHandlers } from "./instance/health/handlers.ts";
import { notificationHandlers } from "./notifications/notifications/handlers.ts";
import { webhookHandlers } from "./notifications/webhooks/handlers.ts";
import type { Resources } from "./resources.ts";
import { protocolHandlers } from "./runner/protocol/handlers.ts";
import { commonEnvHandlers } from "./tenancy/common-env/handlers.ts";
import { invitationHandlers } from "./tenancy/invitations/handlers.ts";
import { seedRepositoryHandlers } from "./tenancy/seed-repositories/handlers.ts";
import { shortcutGroupHandlers } from "./tenancy/shortcut-groups/handlers.ts";
import { shortcutHandlers } from "./tenancy/shortcuts/handlers.ts";
import { spaceMemberHandlers } from "./tenancy/space-members/handlers.ts";
import { spaceTokenHandlers } from "./tenancy/space-tokens/handlers.ts";
import { spaceHandlers } from "./tenancy/spaces/handlers.ts";
import type { World } from "./world.ts";

/** The table of contents. A family without handlers, or a handler without a contract, does not compile. */
export const handlers = (resources: Resources): HandlersOf<Families, World> => ({
  projects: projectHandlers(resources),
  capsules: capsuleHandlers(resources),
  connections: connectionHandlers(resources),
  recipes: recipeHandlers(),
  sources: sourceHandlers(resources),
  secrets: secretHandlers(resources),
  runs: runHandlers(resources),
  runEvents: runEventHandlers(resources),
  artifacts: artifactHandlers(resources),
  state: stateHandlers(resources),
  outputs: outputHandlers(resources),
  audit: auditHandlers(resources),
  runnerPools: runnerPoolHandlers(resources),
  runnerTokens: runnerTokenHandlers(resources),
  runners: runnerHandlers(resources),
  setup: setupHandlers(resources),
  me: meHandlers(resources),
  accessTokens: accessTokenHandlers(resources),
  sessions: sessionHandlers(resources),
  auth: authHandlers(resources),
  authServer: authServerHandlers(resources),
  authPages: authPageHandlers(resources),
  notifications: notificationHandlers(resources),
  webhooks: webhookHandlers(resources),
  oauthClients: oauthClientHandlers(resources),
  oauthAccess: oauthAccessHandlers(resources),
  oauthConsent: oauthConsentHandlers(resources),
  oauthServer: oauthServerHandlers(resources),
  wellKnown: wellKnownHandlers(resources),
  spaces: spaceHandlers(resources),
  spaceMembers: spaceMemberHandlers(resources),
  invitations: invitationHandlers(resources),
  spaceTokens: spaceTokenHandlers(resources),
  commonEnv: commonEnvHandlers(resources),
  shortcuts: shortcutHandlers(resources),
  shortcutGroups: shortcutGroupHandlers(resources),
  seedRepositories: seedRepositoryHandlers(resources),
  health: healthHandlers(resources),
  runnerProtocol: protocolHandlers(resources),
});
