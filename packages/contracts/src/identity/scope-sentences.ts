import { identityScopes, type OauthScope } from "../access.ts";

/** What an app may do that has a scope, as the page says it that asks for consent. */
const sentences: Readonly<Record<OauthScope, string>> = {
  openid: "Know that it is you",
  profile: "See your name and picture",
  email: "See your e-mail address",
  "spaces:read": "See your spaces: Projects, Capsules, connections and Runs",
  "spaces:write": "Change Capsules and sources in your spaces, and start and cancel plans",
  "files:read": "Read files of your spaces",
  "files:write": "Read and write files of your spaces",
  "memories:read": "Read memories",
  "memories:write": "Read and write memories",
  "threads:read": "Read threads",
  "threads:write": "Read and write threads",
  "agents:execute": "Run agents",
  "repos:read": "Read repositories",
  "repos:write": "Read and write repositories",
  "repo:read": "Read repositories",
  "workspace:read": "See your spaces",
  "capsule:read": "See Projects and Capsules",
  "connection:read": "See which provider connections there are, without their values",
  "run:read": "See Runs and their logs",
  "audit:read": "Read the audit log",
  "capsule:write": "Change Projects and Capsules",
  "source:write": "Upload sources",
  "run:plan": "Start plans",
  "run:cancel": "Cancel Runs",
  "run:approve": "Approve Runs: changes are applied to real infrastructure",
  "run:destroy": "Approve Runs that destroy real infrastructure",
  "run:recover": "Resolve Runs that were interrupted",
  "state:read": "Read state, which may hold secrets",
  "state:write": "Replace state",
  "secret:write": "Store and replace Secrets",
  "connection:write": "Store and replace credentials of providers",
  "member:write": "Invite people, and change what they may do",
  "runner:write": "Manage runners and their tokens",
  "webhook:write": "Manage webhooks, which are told of Runs",
  "shortcut:write": "Change your shortcuts",
  "sidebar:write": "Change what a space shows in its sidebar",
  "workspace:write": "Change your spaces",
  "env:write": "Change variables that every Run of a space gets",
  "workspace:transfer": "Give your spaces to somebody else",
  "workspace:delete": "Delete your spaces",
  "account:read": "See your account and its settings",
  "account:write": "Change your account and its settings",
};

/** Sentences of these scopes, told apart as consent does: who somebody is, and what may be done. */
export function sentencesOf(scopes: readonly OauthScope[]): { readonly identity: string[]; readonly resources: string[] } {
  const tells = (scope: OauthScope) => (identityScopes as readonly string[]).includes(scope);
  return {
    identity: scopes.filter(tells).map((scope) => sentences[scope]),
    resources: scopes.filter((scope) => !tells(scope)).map((scope) => sentences[scope]),
  };
}
