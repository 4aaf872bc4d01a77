import type { ReportedPlan } from "@takosumi/contracts/deploy/plan";
import type { OutputChange, PlanResult, ResourceChange } from "@takosumi/opentofu/types";
import { clip } from "../events/fit.ts";

type Reported = ReportedPlan["resource_changes"][number];
const actions = new Set<string>(["no-op", "create", "read", "update", "delete", "forget", "open", "renew", "close"]);

/** A masked plan in the contract's words, redacted value by value and then cut to what the contract takes. */
export function reportedPlan(plan: PlanResult, redact: (value: unknown) => unknown): ReportedPlan {
  const shown = redact({ changes: plan.resource_changes, drift: plan.drift, outputs: plan.output_changes, checks: plan.checks }) as {
    changes: ResourceChange[];
    drift: ResourceChange[];
    outputs: OutputChange[];
    checks: PlanResult["checks"];
  };
  const { add, change, destroy, import: imported, move, forget } = plan.summary;
  return {
    has_changes: plan.has_changes,
    summary: { add, change, destroy, import: imported, move, forget },
    resource_changes: shown.changes.slice(0, 20_000).map(changeOf),
    drift: shown.drift.slice(0, 5_000).map(changeOf),
    output_changes: shown.outputs.slice(0, 2_000).map(({ name, actions: acts, before, after, sensitive, unknown }) => ({
      name: clip(name, 256),
      actions: acts.slice(0, 4),
      before,
      after,
      sensitive,
      unknown,
    })),
    checks: shown.checks.slice(0, 1_000).map(({ address, status, problems }) => ({
      address: clip(address, 2_000),
      status: clip(status, 32),
      problems: problems.slice(0, 20).map((problem) => clip(problem, 4_000)),
    })),
  };
}

const changeOf = (change: ResourceChange): Reported => ({
  address: clip(change.address, 2_000),
  module: change.module && clip(change.module, 2_000),
  type: clip(change.type, 256),
  name: clip(change.name, 256),
  provider: clip(change.provider, 512),
  mode: change.mode,
  actions: change.actions.filter((action) => actions.has(action)).slice(0, 4) as Reported["actions"],
  action_reason: change.action_reason && clip(change.action_reason, 128),
  previous_address: change.previous_address && clip(change.previous_address, 2_000),
  import_id: change.import_id && clip(change.import_id, 2_000),
  deposed: change.deposed && clip(change.deposed, 64),
  attributes: change.attributes.slice(0, 500).map(({ path, before, after, sensitive, unknown, forces_replacement }) => ({
    path,
    before,
    after,
    sensitive,
    unknown,
    forces_replacement,
  })),
  attributes_truncated: change.attributes_truncated || change.attributes.length > 500,
});
