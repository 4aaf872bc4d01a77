import { tarGz } from "@takosumi/testkit/archives";
import type { Call } from "@takosumi/testkit/call";

/** One of everything that a Workspace holds. */
export interface Holdings {
  readonly workspace: string;
  readonly project: string;
  readonly capsule: string;
  readonly kept_capsule: string;
  readonly connection: string;
  readonly secret: string;
  readonly source: string;
  readonly run: string;
  readonly artifact: string;
  readonly state_version: string;
  readonly runner_pool: string;
  readonly runner_token: string;
  readonly runner: string;
  readonly token: string;
  readonly session: string;
  readonly webhook: string;
  readonly webhook_delivery: string;
  readonly oauth_client: string;
  readonly deleted_workspace: string;
  readonly member: string;
  readonly invitation: string;
  readonly space_token: string;
  readonly shortcut: string;
  readonly shortcut_group: string;
}
export const webhook = { url: "https://hooks.example.test/a", events: ["run.failed"] };

export const inline = { kind: "inline", files: { "main.tf": 'resource "terraform_data" "a" {}' } };
export const unique = () => Math.random().toString(36).slice(2, 10);

export const anyConnection = () => ({
  name: `conn ${unique()}`,
  provider: "acme/any",
  recipe: { id: "generic-env" },
  values: { ACME_TOKEN: "a value" },
});

export async function made(
  call: Call,
  path: string,
  body: object,
  name: string,
): Promise<{ readonly id: string; readonly workspace_id: string }> {
  return (await made201(call, path, body))[name];
}

export async function made201(call: Call, path: string, body: object) {
  const { status, body: answer } = await call("POST", path, { body });
  if (status !== 201) throw new Error(`POST ${path} answered ${status}: ${JSON.stringify(answer)}`);
  return answer;
}

/** The first state of a Capsule, brought from elsewhere. */
export async function imported(call: Call, capsule: string): Promise<{ readonly id: string }> {
  const state = { version: 4, terraform_version: "1.12.6", serial: 1, lineage: unique(), outputs: {}, resources: [] };
  const { status, body } = await call("POST", `/api/state/${capsule}/versions`, { body: state });
  if (status !== 201) throw new Error(`The import of a state answered ${status}: ${JSON.stringify(body)}`);
  return body.state_version;
}

/** An uploaded source of the caller's personal Workspace. */
export async function uploaded(call: Call, archive = tarGz([{ name: "main.tf", body: inline.files["main.tf"] }])): Promise<string> {
  const headers = { "content-type": "application/gzip" };
  const { status, body } = await call("POST", "/api/sources", { raw: new Uint8Array(archive), headers });
  if (status !== 201) throw new Error(`POST /api/sources answered ${status}: ${JSON.stringify(body)}`);
  return body.source.id;
}

/** A token of a pool, and a runner that showed it. */
export async function registered(call: Call, pool: string) {
  const { body } = await call("POST", `/api/runner-pools/${pool}/tokens`, { body: { name: "a token" } });
  const { token, runner_token } = body as { token: string; runner_token: { id: string } };
  const tools = [{ name: "opentofu", version: "1.12.6" }];
  const told = { instance: `i_${unique()}`, name: "a runner", version: "1", slots: 2, tools, sandbox: { kind: "none", not_isolated: [] } };
  const answer = await call("POST", "/api/runner/register", { body: told, headers: { authorization: `Bearer ${token}` } });
  if (answer.status !== 200) throw new Error(`Registering answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return { id: runner_token.id, token, runner: answer.body.runner.id as string };
}

/** Fills the caller's personal Workspace. */
export async function holdings(call: Call): Promise<Holdings> {
  const { id: project, workspace_id: workspace } = await made(call, "/api/projects", { name: `p ${unique()}` }, "project");
  const { id: secret } = await made(call, "/api/secrets", { name: `S_${unique()}`, value: "a value" }, "secret");
  const { id: connection } = await made(call, "/api/connections", anyConnection(), "connection");
  const source = await uploaded(call);
  const { id: capsule } = await made(call, "/api/capsules", { project_id: project, name: `c-${unique()}`, source: inline }, "capsule");
  const { id: state_version } = await imported(call, capsule);
  const { id: run } = await made(call, "/api/runs", { kind: "plan", capsule_id: capsule }, "run");
  const { id: artifact } = await made(call, `/api/runs/${run}/artifacts`, { type: "doc", content: "a" }, "artifact");
  const { id: runner_pool } = await made(call, "/api/runner-pools", { name: `p-${unique()}` }, "runner_pool");
  const { id: runner_token, runner } = await registered(call, runner_pool);
  const hooks = `/api/spaces/${workspace}/webhooks`;
  const { id: hook } = await made(call, hooks, webhook, "webhook");
  const { id: webhook_delivery } = await made(call, `${hooks}/${hook}/ping`, {}, "delivery");
  return {
    webhook: hook,
    webhook_delivery,
    workspace,
    project,
    capsule,
    kept_capsule: capsule,
    connection,
    secret,
    source,
    run,
    artifact,
    state_version,
    runner_pool,
    runner_token,
    runner,
    token: (await made201(call, "/api/me/personal-access-tokens", { name: "a token" })).id,
    session: (await opened(call)).session_id,
    oauth_client: (await made201(call, "/api/me/oauth/clients", anyClient())).client_id,
    ...(await shared(call)),
  };
}
/** What the caller's personal Workspace shares, and a space that they deleted. */
async function shared(call: Call) {
  const { space_token } = await made201(call, "/api/spaces/me/tokens", { name: "a bot", role: "viewer" });
  const { invitation } = await made201(call, "/api/spaces/me/invitations", { email: `${unique()}@example.com`, role: "viewer" });
  const shortcut = await made201(call, "/api/shortcuts", { name: "s", resourceType: "link", resourceId: "https://example.com" });
  const { data } = await made201(call, "/api/spaces/me/shortcuts/groups", { name: "g" });
  const { space } = await made201(call, "/api/spaces", { name: `gone ${unique()}` });
  await call("DELETE", `/api/spaces/${space.id}`);
  return {
    deleted_workspace: space.id,
    member: space_token.username,
    invitation: invitation.id,
    space_token: space_token.id,
    shortcut: shortcut.id,
    shortcut_group: data.id,
  };
}
export const anyClient = () => ({ client_name: `app ${unique()}`, redirect_uris: ["https://app.example.com/callback"], scope: "openid" });
/** A browser session of the caller. */
export async function opened(call: Call): Promise<{ readonly session_id: string }> {
  const { code } = await made201(call, "/api/me/sign-in-codes", {});
  return (await call("POST", "/api/auth/code", { body: { code } })).body;
}

/** A body that each operation accepts from somebody who holds these; its name is new each time. */
export const bodies: Readonly<Record<string, (held: Holdings) => Record<string, unknown>>> = {
  "projects.create": ({ workspace }) => ({ workspace_id: workspace, name: `p ${unique()}` }),
  "projects.update": () => ({ name: `p ${unique()}` }),
  "capsules.create": ({ project }) => ({ project_id: project, name: `c-${unique()}`, source: inline }),
  "capsules.update": () => ({ name: `c-${unique()}` }),
  "capsules.lock": () => ({ reason: "a test" }),
  "capsules.unlock": () => ({ reason: "a test" }),
  "connections.create": ({ workspace }) => ({ workspace_id: workspace, ...anyConnection() }),
  "connections.update": () => ({ values: { ACME_TOKEN: "another value" } }),
  "secrets.create": ({ workspace }) => ({ workspace_id: workspace, name: `S_${unique()}`, value: "a value" }),
  "secrets.replace": () => ({ value: "another value" }),
  "runnerPools.create": ({ workspace }) => ({ workspace_id: workspace, name: `p-${unique()}` }),
  "runnerTokens.create": () => ({ name: "a token" }),
  "runners.drain": () => ({}),
  "runs.create": ({ capsule }) => ({ kind: "plan", capsule_id: capsule }),
  "runs.approve": () => ({}),
  "runs.discard": () => ({}),
  "runs.cancel": () => ({}),
  "webhooks.create": () => webhook,
  "webhooks.update": () => ({ active: true }),
  "notifications.updatePreferences": () => ({ updates: [{ type: "run.failed", channel: "email", enabled: true }] }),
  "notifications.updateSettings": () => ({ muted_until: null }),
  "artifacts.create": () => ({ type: "doc", title: "notes", content: "# notes" }),
  "runs.retry": () => ({}),
  "runs.recover": () => ({ action: "keep_previous" }),
  "setup.complete": () => ({ username: `u-${unique()}` }),
  "setup.checkUsername": () => ({ username: `u-${unique()}` }),
  "me.updateSettings": () => ({ private_account: true }),
  "me.rename": () => ({ username: `u-${unique()}` }),
  "me.setPassword": () => ({ new_password: "correct horse battery staple", current_password: "correct horse battery staple" }),
  "me.signInCode": () => ({}),
  "accessTokens.create": () => ({ name: "a token", scopes: ["run:read"] }),
  "auth.setupUsername": () => ({ username: `u-${unique()}` }),
  "auth.updateProfile": () => ({ display_name: `U ${unique()}` }),
  "spaces.create": () => ({ name: `s ${unique()}` }),
  "spaces.update": () => ({ description: "a space" }),
  "spaces.transfer": () => ({ username: "nobody-at-all" }),
  "spaces.updateModel": () => ({ model: "gpt-5.4" }),
  "spaceMembers.create": () => ({ username: "nobody-at-all", role: "viewer" }),
  "spaceMembers.update": () => ({ role: "editor" }),
  "invitations.create": () => ({ email: `${unique()}@example.com`, role: "viewer" }),
  "invitations.accept": () => ({ username: `u-${unique()}`, password: "correct horse battery staple" }),
  "spaceTokens.create": () => ({ name: "a bot", role: "viewer" }),
  "commonEnv.put": () => ({ name: `N_${unique()}`, value: "a value" }),
  "shortcuts.create": () => ({ name: "s", resourceType: "link", resourceId: "https://example.com" }),
  "shortcuts.update": () => ({ name: "t" }),
  "shortcuts.reorder": ({ shortcut }) => ({ order: [shortcut] }),
  "shortcutGroups.create": () => ({ name: "g" }),
  "shortcutGroups.update": () => ({ name: "h" }),
  "shortcutGroups.addItem": () => ({ type: "link", label: "l", url: "https://example.com" }),
  "authServer.cliCallback": () => ({ callback: "http://127.0.0.1:40123/callback", action: "deny" }),
  "authPages.submitInvite": () => ({ token: "nobody-was-given-this" }),
  "authPages.submitReset": () => ({ code: "nobody-was-given-this", new_password: "correct horse battery staple" }),
  "auth.reset": () => ({ username: "nobody-at-all" }),
  "auth.logout": () => ({}),
  "auth.code": () => ({ code: "nobody-was-given-this" }),
  "auth.password": () => ({ username: "nobody-at-all", password: "a wrong password" }),
  "authServer.submitPassword": () => ({ username: "nobody-at-all", password: "a wrong password" }),
  "authServer.submitCode": () => ({ code: "nobody-was-given-this" }),
  "authServer.submitSetup": () => ({ username: `u-${unique()}` }),
  "authServer.submitLogout": () => ({}),
  "oauthClients.create": anyClient,
  "oauthClients.update": () => ({ client_name: `app ${unique()}` }),
  "oauthConsent.authorizeDecision": ({ oauth_client }) => ({ client_id: oauth_client, action: "deny", csrf_token: "never-shown" }),
  "oauthConsent.deviceDecision": () => ({ user_code: "BCDF-GHJK", action: "deny", csrf_token: "never-shown" }),
  "oauthServer.decide": ({ oauth_client }) => ({ client_id: oauth_client, action: "deny", csrf_token: "never-shown" }),
  "oauthServer.decideDevice": () => ({ user_code: "BCDF-GHJK", action: "deny", csrf_token: "never-shown" }),
};

/** What stands around an id that is nested, or that another field of the body must go with. */
export const around: Readonly<Record<string, Record<string, unknown>>> = {
  "runs.create plan_run_id": { kind: "apply", capsule_id: undefined },
  "shortcutGroups.addItem serviceId": { type: "service", url: undefined },
  "items.*.serviceId": { type: "service", label: "l" },
  "source.source_id": { kind: "upload" },
  "source.secret_id": { kind: "git", url: "https://git.example.com/a.git" },
  "module_credentials.*.secret_id": { host: "git.example.com", kind: "git" },
  "variables.*.secret_id": { name: "a" },
  "provider_bindings.*.connection_id": { provider: "hashicorp/aws" },
};
