import { canonicalProvider } from "@takosumi/contracts/deploy/provider-address";
import { attributeChanges, type Budget, pathText, shownLeaf, sidesOf } from "./attribute-changes.ts";
import { TofuError } from "./errors.ts";
import type { ChangeJson, ChangeValues, PlanJson } from "./plan-json.ts";
import type { OutputChange, PlanResult, PlanSummary, ResourceChange } from "./types.ts";

const MOST_CHANGES = 5_000;
const MOST_OUTPUTS = 1_000;
const MOST_CHECKS = 1_000;
/** Values of all attributes together. */
const MOST_BYTES = 16 * 1024 * 1024;

/** `show -json`'s bytes. Throws `bad_output` where they are no plan. */
export function parsePlan(bytes: Uint8Array): PlanJson {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    throw new TofuError("bad_output", "The tool showed the plan as something that is no JSON.");
  }
  if (typeof value !== "object" || value === null || !("format_version" in value))
    throw new TofuError("bad_output", "The tool showed something that is no plan.");
  return value as PlanJson;
}

/**
 * What may leave the runner of a plan, before redaction: the masks are applied; variables, states, planned values and
 * configuration are dropped. `hasChanges` is the plan's exit status 2 (rule 18): counts of 0 do not mean that nothing happens.
 */
export function planResult(plan: PlanJson, { hasChanges }: { hasChanges: boolean }): PlanResult {
  const budget: Budget = { bytes: MOST_BYTES };
  const changes = (plan.resource_changes ?? []).filter(isChange);
  const drift = plan.resource_drift ?? [];
  const outputs = Object.entries(plan.output_changes ?? {}).filter(([, change]) => !isNoOp(change.actions));
  return {
    has_changes: hasChanges,
    summary: summary(changes),
    resource_changes: changes.slice(0, MOST_CHANGES).map((change) => resourceChange(change, budget)),
    output_changes: outputs.slice(0, MOST_OUTPUTS).map(([name, change]) => outputChange(name, change)),
    drift: drift.slice(0, MOST_CHANGES).map((change) => resourceChange(change, budget)),
    truncated: changes.length > MOST_CHANGES || drift.length > MOST_CHANGES || outputs.length > MOST_OUTPUTS,
    checks: (plan.checks ?? []).slice(0, MOST_CHECKS).map((check) => ({
      address: check.address?.to_display ?? "",
      status: check.status ?? "unknown",
      problems: (check.instances ?? [])
        .flatMap((instance) => (instance.problems ?? []).map((problem) => problem.message ?? ""))
        .slice(0, 20),
    })),
    complete: plan.complete ?? true,
    applyable: plan.applyable ?? hasChanges,
    errored: plan.errored ?? false,
  };
}

/** A no-op that moves or imports is a change. */
function isChange(change: ChangeJson): boolean {
  return !isNoOp(change.change?.actions) || change.previous_address !== undefined || Boolean(change.change?.importing);
}

function isNoOp(actions: string[] | undefined): boolean {
  return actions === undefined || actions.length === 0 || (actions.length === 1 && actions[0] === "no-op");
}

function summary(changes: ChangeJson[]): PlanSummary {
  const total = { add: 0, change: 0, destroy: 0, import: 0, move: 0, forget: 0, replace: 0 };
  for (const { mode, previous_address, change } of changes) {
    if (mode === "data") continue;
    const actions = new Set(change?.actions);
    if (actions.has("create")) total.add++;
    if (actions.has("update")) total.change++;
    if (actions.has("delete")) total.destroy++;
    if (actions.has("forget")) total.forget++;
    if (actions.has("create") && actions.has("delete")) total.replace++;
    if (change?.importing) total.import++;
    if (previous_address !== undefined) total.move++;
  }
  return total;
}

function resourceChange(item: ChangeJson, budget: Budget): ResourceChange {
  const change = item.change ?? {};
  const { attributes, truncated } = attributeChanges(change, budget);
  return {
    address: item.address ?? "",
    module: item.module_address ?? null,
    type: item.type ?? "",
    name: item.name ?? "",
    index: item.index ?? null,
    provider: canonicalProvider(item.provider_name ?? ""),
    mode: item.mode === "data" ? "data" : "managed",
    actions: change.actions ?? [],
    action_reason: item.action_reason ?? null,
    previous_address: item.previous_address ?? null,
    import_id: change.importing?.id ?? null,
    deposed: item.deposed ?? null,
    replace_paths: (change.replace_paths ?? []).slice(0, 100).map(pathText),
    attributes,
    attributes_truncated: truncated,
  };
}

function outputChange(name: string, change: ChangeValues): OutputChange {
  const { before, after, sensitive, unknown, truncated } = shownLeaf("", sidesOf(change), false);
  return { name, actions: change.actions ?? [], before, after, sensitive, unknown, truncated };
}
