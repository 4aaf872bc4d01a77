import type { ReportedChange, ResourceChange, Risk } from "@takosumi/contracts/deploy/plan";
import type { PlanMode } from "@takosumi/contracts/deploy/run";
import type { z } from "zod";
import { isAccessType } from "./access-types.ts";
import { statefulTypes } from "./stateful-types.ts";

type Change = Pick<ReportedChange, "type" | "mode" | "actions">;
/** What a change does to its object, in one word. */
type Effect = "destroy" | "replace" | "forget" | "update" | "create" | "move" | "none";
type Ranked = z.infer<typeof ResourceChange>;

/** Danger first: where two changes are equally risky, the one that loses more stands above. */
const order: readonly Effect[] = ["destroy", "replace", "forget", "update", "create", "move", "none"];

export function effectOf({ actions, mode, ...change }: Change & Partial<Pick<ReportedChange, "previous_address" | "import_id">>): Effect {
  if (mode === "data") return "none";
  const does = (action: ReportedChange["actions"][number]) => actions.includes(action);
  if (does("delete")) return does("create") ? "replace" : "destroy";
  if (does("forget")) return "forget";
  if (does("update")) return "update";
  if (does("create")) return "create";
  return change.previous_address || change.import_id ? "move" : "none";
}

/** How much a change may cost, and why, in words for a person. The only place where this is decided. */
export function riskOf(change: Change, planMode: PlanMode): { readonly risk: Risk; readonly risk_reasons: string[] } {
  const effect = effectOf(change);
  const lost = effect === "destroy" || effect === "replace";
  const verb = effect === "replace" ? "replaces" : "destroys";
  const high: string[] = [];
  if (lost && statefulTypes.has(change.type)) high.push(`${verb} ${change.type}, which holds what cannot be made again`);
  if (planMode === "destroy" && (lost || effect === "forget")) high.push("the plan destroys the whole Capsule");
  if (high.length > 0) return { risk: "high", risk_reasons: high };
  if (lost) return { risk: "medium", risk_reasons: [`${verb} ${change.type}`] };
  if (effect === "forget") return { risk: "medium", risk_reasons: [`leaves ${change.type} behind, no longer managed`] };
  if (effect === "update" && isAccessType(change.type))
    return { risk: "medium", risk_reasons: [`changes who may reach what: ${change.type}`] };
  return { risk: "low", risk_reasons: [] };
}

const heights: readonly Risk[] = ["high", "medium", "low"];
const key = (change: Ranked) => [change.risk === "high" ? 0 : 1, order.indexOf(effectOf(change)), heights.indexOf(change.risk)] as const;
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The changes with their risk, riskiest first: high risk, then destroy, replace, forget, update, create, import and move, nothing. Within
 * that by address, so that the same plan always reads the same. `risk` counts them; what changes nothing does not count.
 */
export function ranked(
  changes: readonly ReportedChange[],
  planMode: PlanMode,
): { readonly changes: Ranked[]; readonly risk: Record<Risk, number> } {
  const sorted = changes
    .map((change) => ({ ...change, ...riskOf(change, planMode) }))
    .map((change) => ({ change, at: key(change) }))
    .sort(
      (a, b) =>
        a.at[0] - b.at[0] ||
        a.at[1] - b.at[1] ||
        a.at[2] - b.at[2] ||
        byText(a.change.address, b.change.address) ||
        byText(a.change.deposed ?? "", b.change.deposed ?? ""),
    )
    .map(({ change }) => change);
  const risk = { high: 0, medium: 0, low: 0 };
  for (const change of sorted) if (effectOf(change) !== "none") risk[change.risk]++;
  return { changes: sorted, risk };
}
