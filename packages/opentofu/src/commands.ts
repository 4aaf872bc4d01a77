import { TofuError } from "./errors.ts";
import type { SeenPaths, Tool } from "./types.ts";

/** Every function answers a whole argv: the tool as the payload sees it, then its arguments. No secret stands in any. */
type Command = { tool: Tool; seen: SeenPaths };

export type PlanChoices = {
  mode: "normal" | "destroy" | "refresh_only";
  targets?: string[];
  replace?: string[];
  /** False where `equipForPlan` got no variables. */
  variables: boolean;
};

/** The configuration as JSON: works without init exactly where no registry provider or module is missing. OpenTofu only. */
export function showConfigArgs({ seen }: Command): string[] {
  return [seen.tool, "show", "-json", "-config", "-no-color"];
}

/** `-reconfigure`: whatever backend a data directory remembers is forgotten, never migrated to. */
export function initArgs({ seen }: Command): string[] {
  return [seen.tool, "init", "-input=false", "-no-color", "-reconfigure", "-lock-timeout=0s"];
}

/** Exit 0: no changes, 2: changes, 1: failed even where a plan file was written. */
export function planArgs({ tool, seen }: Command, { mode, targets = [], replace = [], variables }: PlanChoices): string[] {
  const argv = [
    seen.tool,
    "plan",
    ...common(tool.name === "opentofu" ? `-json-into=${seen.events}` : "-json", seen, variables),
    "-detailed-exitcode",
    `-out=${seen.planFile}`,
  ];
  if (mode === "destroy") argv.push("-destroy");
  if (mode === "refresh_only") argv.push("-refresh-only");
  for (const address of targets) argv.push(`-target=${checkedAddress(address)}`);
  for (const address of replace) argv.push(`-replace=${checkedAddress(address)}`);
  return argv;
}

/** The plan as JSON; holds every value in plaintext. */
export function showPlanArgs({ seen }: Command): string[] {
  return [seen.tool, "show", "-json", "-no-color", seen.planFile];
}

/** Applies the saved plan, without a second plaintext copy of the state, which on a full disk keeps the first from being saved. The variables file is given again: OpenTofu compares it, and ephemeral values are in no plan. */
export function applyArgs({ seen }: Command, { variables }: { variables: boolean }): string[] {
  return [seen.tool, "apply", ...common("-json", seen, variables), "-backup=-", seen.planFile];
}

/**
 * A plan of OpenTofu: human text on stdout, events into the bound file. Anything else: events on stdout, the text is made from them. Saying
 * both takes the tool twice the processor time, and what provisioners print may be long.
 */
function common(events: string, seen: SeenPaths, variables: boolean): string[] {
  const argv = ["-input=false", "-no-color", events];
  if (variables) argv.push(`-var-file=${seen.varFile}`);
  return argv;
}

function checkedAddress(address: string): string {
  if (address !== "" && address.length <= 1_024 && !/\p{Cc}/u.test(address)) return address;
  throw new TofuError(
    "bad_argument",
    `${JSON.stringify(address.slice(0, 100))} is no resource address. Give one like module.a.aws_vpc.main["x"].`,
  );
}
