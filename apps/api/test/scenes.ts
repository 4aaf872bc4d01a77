import type { TestApi } from "@takosumi/testkit/api";
import { tarGz } from "@takosumi/testkit/archives";
import type { Call, CallOptions } from "@takosumi/testkit/call";
import type { HeldRun } from "@takosumi/testkit/held-run";
import { taken } from "@takosumi/testkit/held-run";
import { type ReportingRunner, reportedChange } from "@takosumi/testkit/reporting-runner";
import { type Person, person } from "./people.ts";
import { anyConnection, type Holdings, inline, made, made201, registered, unique, uploaded, webhook } from "./samples.ts";

/** Where an operation is asked. */
export interface Stage {
  readonly api: TestApi;
  /** What there is in the Workspace, and its owner. */
  readonly mine: Holdings;
  readonly owner: Call;
  /** Of the Workspace's default pool. */
  readonly runner: ReportingRunner;
  /** Who asks, and what they are in the Workspace. */
  readonly actor: Person & { readonly role: "owner" | "admin" | "editor" | "viewer" };
}
/** What is asked instead of the sample. */
export interface Scene {
  readonly held?: Partial<Holdings>;
  /** Of the path, by name. */
  readonly params?: Readonly<Record<string, string>>;
  /** "?a=b" */
  readonly query?: string;
  readonly body?: object;
  readonly raw?: CallOptions["raw"];
  readonly headers?: Readonly<Record<string, string>>;
  /** Asks instead of the actor. */
  readonly by?: Call;
}
export type Scenes = Readonly<Record<string, (stage: Stage) => Promise<Scene>>>;

/** Each of them has something of its own that the operation uses up, or that must be as it wants it. */
export const scenes: Scenes = {
  "projects.remove": async ({ owner }) => ({ held: { project: (await made(owner, "/api/projects", { name: unique() }, "project")).id } }),
  "capsules.lock": async (stage) => ({ held: { capsule: await capsule(stage) } }),
  "capsules.unlock": async (stage) => {
    const id = await capsule(stage);
    taken(await stage.owner("POST", `/api/capsules/${id}/lock`, { body: { reason: "a test" } }));
    return { held: { capsule: id } };
  },
  "capsules.remove": async (stage) => ({ held: { capsule: await capsule(stage) } }),
  "sources.create": async () => ({
    raw: new Uint8Array(tarGz([{ name: "main.tf", body: inline.files["main.tf"] }])),
    headers: { "content-type": "application/gzip" },
  }),
  "sources.remove": async ({ owner }) => ({ held: { source: await uploaded(owner) } }),
  "connections.remove": async ({ owner }) => ({
    held: { connection: (await made(owner, "/api/connections", anyConnection(), "connection")).id },
  }),
  "secrets.remove": async ({ owner }) => ({
    held: { secret: (await made(owner, "/api/secrets", { name: `S_${unique()}`, value: "a value" }, "secret")).id },
  }),
  "runs.create": async (stage) => ({ held: { capsule: await capsule(stage) } }),
  "runs.approve": async (stage) => ({ held: { run: await planned(stage) } }),
  "runs.discard": async (stage) => ({ held: { run: await planned(stage) } }),
  "runs.cancel": async (stage) => ({ held: { run: await queued(stage) } }),
  "runs.retry": async (stage) => {
    const run = await queued(stage);
    taken(await stage.owner("POST", `/api/runs/${run}/cancel`, { body: {} }));
    return { held: { run } };
  },
  "runs.recover": async (stage) => {
    const plan = await planned(stage);
    const { run } = taken(await stage.owner("POST", `/api/runs/${plan}/approve`, { body: {} }));
    const error = { code: "STATE_UNSAVED", message: "the state could not be saved", details: null };
    taken(await (await claimed(stage, run.id)).complete({ result: "state_unsaved", tool: null, error, diagnostics: [] }));
    return { held: { run: run.id }, body: { action: "keep_previous", ledger_acknowledged: true } };
  },
  "state.create": async (stage) => ({
    held: { capsule: await capsule(stage) },
    raw: JSON.stringify({ version: 4, terraform_version: "1.12.6", serial: 1, lineage: unique(), outputs: {}, resources: [] }),
    headers: { "content-type": "application/json" },
  }),
  "runnerTokens.remove": async ({ owner, mine }) => ({ held: { runner_token: (await registered(owner, mine.runner_pool)).id } }),
  "webhooks.remove": async ({ owner, mine }) => ({
    held: { webhook: (await made(owner, `/api/spaces/${mine.workspace}/webhooks`, webhook, "webhook")).id },
  }),
  "spaces.remove": async (stage) => ({ held: { workspace: await team(stage) } }),
  "spaces.leave": async (stage) => ({ held: { workspace: await team(stage) } }),
  "spaces.transfer": async (stage) => {
    const workspace = await team(stage);
    return { held: { workspace }, body: { username: await joined({ ...stage, mine: { ...stage.mine, workspace } }) } };
  },
  "spaceMembers.create": async ({ api }) => ({ body: { username: (await person(api)).username, role: "viewer" } }),
  "spaceMembers.update": async (stage) => ({ held: { member: await joined(stage) } }),
  "spaceMembers.remove": async (stage) => ({ held: { member: await joined(stage) } }),
  "invitations.remove": async ({ owner, mine }) => ({
    held: { invitation: (await made(owner, `/api/spaces/${mine.workspace}/invitations`, invited(), "invitation")).id },
  }),
  "spaceTokens.remove": async ({ owner, mine }) => ({
    held: { space_token: (await made(owner, `/api/spaces/${mine.workspace}/tokens`, { name: "b", role: "viewer" }, "space_token")).id },
  }),
  "commonEnv.remove": async ({ owner, mine }) => {
    const name = `N_${unique()}`;
    taken(await owner("PUT", `/api/spaces/${mine.workspace}/common-env`, { body: { name, value: "a value" } }));
    return { params: { name } };
  },
  // Everybody sorts their own.
  "shortcuts.reorder": async ({ actor, mine }) => {
    const headers = { "x-takos-space-id": mine.workspace };
    const body = { name: "s", resourceType: "link", resourceId: "https://example.com" };
    return { body: { order: [taken(await actor.call("POST", "/api/shortcuts", { body, headers })).id] } };
  },
  "shortcutGroups.remove": async (stage) => ({ held: { shortcut_group: (await group(stage)).id } }),
  "shortcutGroups.removeItem": async (stage) => {
    const { id, items } = await group(stage);
    return { held: { shortcut_group: id }, params: { itemId: items[0]?.id ?? "" } };
  },
};

const invited = () => ({ email: `${unique()}@example.com`, role: "viewer" });
const capsule = async ({ owner, mine }: Stage): Promise<string> =>
  (await made(owner, "/api/capsules", { project_id: mine.project, name: `c-${unique()}`, source: inline }, "capsule")).id;
const queued = async (stage: Stage): Promise<string> =>
  (await made(stage.owner, "/api/runs", { kind: "plan", capsule_id: await capsule(stage) }, "run")).id;

/** This very Run; whatever waits in front of it fails. */
async function claimed({ runner }: Stage, run: string): Promise<HeldRun> {
  for (let i = 0; i < 200; i++) {
    const held = await runner.claimed();
    if (held.lease.run_id === run) return held;
    taken(await held.fail());
  }
  throw new Error(`${run} is not handed out`);
}
async function planned(stage: Stage): Promise<string> {
  const run = await queued(stage);
  await stage.runner.planned(await claimed(stage, run), [reportedChange("t.a", ["create"])]);
  return run;
}

/** A space of the owner's, that the actor is in as what they are. */
async function team({ owner, actor }: Stage): Promise<string> {
  const { space } = await made201(owner, "/api/spaces", { name: `s ${unique()}` });
  const { username, role } = actor;
  if (role !== "owner") await made201(owner, `/api/spaces/${space.id}/members`, { username, role });
  return space.id;
}
/** Somebody who became a viewer of the Workspace. */
async function joined({ api, owner, mine }: Stage): Promise<string> {
  const { username } = await person(api);
  await made201(owner, `/api/spaces/${mine.workspace}/members`, { username, role: "viewer" });
  return username;
}
async function group({ owner, mine }: Stage): Promise<{ readonly id: string; readonly items: readonly { readonly id: string }[] }> {
  const items = [{ type: "link", label: "l", url: "https://example.com" }];
  return (await made201(owner, `/api/spaces/${mine.workspace}/shortcuts/groups`, { name: "g", items })).data;
}
