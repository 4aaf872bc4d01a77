import type { ModuleValues, PlanJson, StateValues } from "./plan-json.ts";

/** Rule 24: nothing shorter is a pattern, it would black out ordinary words. */
const SHORTEST = 6;
const MOST_VALUES = 20_000;

/**
 * Every masked value of a plan, of the state before and after it, and of its sensitive variables, as the texts that the
 * redactor must know. In plaintext: for the redactor alone.
 */
export function sensitiveValues(plan: PlanJson): string[] {
  const found = new Set<string>();
  for (const item of [...(plan.resource_changes ?? []), ...(plan.resource_drift ?? [])]) changeValues(item.change ?? {}, found);
  for (const change of Object.values(plan.output_changes ?? {})) changeValues(change, found);
  for (const values of [plan.prior_state?.values, plan.planned_values]) if (values) stateValues(values, found);
  const declared = plan.configuration?.root_module?.variables ?? {};
  for (const [name, variable] of Object.entries(plan.variables ?? {}))
    if (declared[name]?.sensitive === true) leaves(variable.value, found);
  return [...found];
}

function changeValues(
  change: { before?: unknown; after?: unknown; before_sensitive?: unknown; after_sensitive?: unknown },
  found: Set<string>,
): void {
  masked(change.before, change.before_sensitive, found);
  masked(change.after, change.after_sensitive, found);
}

function stateValues(values: StateValues, found: Set<string>): void {
  for (const output of Object.values(values.outputs ?? {})) if (output.sensitive === true) leaves(output.value, found);
  const modules: ModuleValues[] = values.root_module ? [values.root_module] : [];
  for (const module of modules) {
    for (const resource of module.resources ?? []) masked(resource.values, resource.sensitive_values, found);
    modules.push(...(module.child_modules ?? []));
  }
}

function masked(value: unknown, mask: unknown, found: Set<string>): void {
  if (mask === true) leaves(value, found);
  else if (typeof mask === "object" && mask !== null && typeof value === "object" && value !== null) {
    for (const [key, below] of Object.entries(mask))
      if (Object.hasOwn(value, key)) masked((value as Record<string, unknown>)[key], below, found);
  }
}

function leaves(value: unknown, found: Set<string>): void {
  if (found.size >= MOST_VALUES) return;
  if (typeof value === "string" || typeof value === "number") {
    const text = String(value);
    if (text.length >= SHORTEST) found.add(text);
  } else if (typeof value === "object" && value !== null) for (const below of Object.values(value)) leaves(below, found);
}
