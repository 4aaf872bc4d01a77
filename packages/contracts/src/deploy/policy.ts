import { z } from "zod";
import { atLeast } from "../access.ts";
import { bothOf, eitherOf, ProviderPattern } from "./provider-patterns.ts";

const unit = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
/** "90s", "2h", "7d" -> seconds. */
export const secondsOf = (duration: string): number => Number(duration.slice(0, -1)) * unit[duration.at(-1) as keyof typeof unit];

const duration = (least: string, most: string) =>
  z
    .string()
    .regex(/^[1-9]\d{0,5}[smhd]$/, 'is not a duration such as "90s", "30m", "2h" or "7d"')
    .refine(
      (value) => !/^[1-9]\d{0,5}[smhd]$/.test(value) || (secondsOf(value) >= secondsOf(least) && secondsOf(value) <= secondsOf(most)),
      {
        error: `must be between ${least} and ${most}`,
      },
    );

export const PoolName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "is not a name of a pool: a-z, 0-9 and - inside, at most 63");

const fields = {
  /** People who must approve, each counted once. */
  approvals: z.int().min(1).max(5),
  /** Who made the plan may not approve it. */
  separate_author: z.boolean(),
  /** `no_destroy`: a plan that destroys, replaces and forgets nothing is applied without an approval. */
  auto_apply: z.enum(["never", "no_destroy"]),
  /** The least role that may approve a plan that destroys, replaces or forgets something. */
  destroy_role: z.enum(["admin", "owner"]),
  plan_ttl: duration("1s", "30d"),
  timeout: duration("10s", "1d"),
  /** Providers that a module may need, and ones that it may not. Denied wins. */
  allowed_providers: z.array(ProviderPattern).max(50),
  denied_providers: z.array(ProviderPattern).max(50),
};

/** What a Capsule, or all Capsules of a Project, ask of a Run. The stricter of the two wins. Only what is enforced is accepted. */
export const Policy = z
  .strictObject({
    ...fields,
    /** The pool whose runners execute the Runs: one of the Workspace's, or `default`. */
    runner_pool: PoolName,
  })
  .partial();
export type Policy = z.infer<typeof Policy>;

/**
 * What holds in the end, nothing left open. `allowed_providers: null` allows every provider. `runner_pools`: none is the default pool; two
 * are Project and Capsule against each other, and nothing can be planned.
 */
export const EffectivePolicy = z
  .object({
    ...fields,
    allowed_providers: z.array(z.string()).nullable(),
    denied_providers: z.array(z.string()),
    runner_pools: z.array(z.string()),
  })
  .meta({ id: "EffectivePolicy" });
export type EffectivePolicy = z.infer<typeof EffectivePolicy>;

const policyDefaults: EffectivePolicy = {
  approvals: 1,
  separate_author: false,
  auto_apply: "never",
  destroy_role: "admin",
  plan_ttl: "24h",
  timeout: "2h",
  allowed_providers: null,
  denied_providers: [],
  runner_pools: [],
};

/** Of equally long ones the first by spelling, so that the order of the two does not matter. */
const shorter = (one: string, other: string): string =>
  [one, other].toSorted((a, b) => secondsOf(a) - secondsOf(b) || (a < b ? -1 : 1))[0] as string;

type Said = { readonly [K in keyof typeof fields]: z.infer<(typeof fields)[K]> } & { readonly runner_pools: string[] };
/** The stricter of two that were said. */
const stricter: { readonly [K in keyof Said]: (one: Said[K], other: Said[K]) => Said[K] } = {
  approvals: Math.max,
  separate_author: (one, other) => one || other,
  auto_apply: (one, other) => (one === "never" ? one : other),
  destroy_role: (one, other) => (atLeast(one, other) ? one : other),
  plan_ttl: shorter,
  timeout: shorter,
  allowed_providers: bothOf,
  denied_providers: eitherOf,
  runner_pools: (one, other) => [...new Set([...one, ...other])].toSorted(),
};

/** Who asks for approvals and says nothing of applying without any does not want it: the other level cannot allow it. */
function meant({ runner_pool, ...said }: Policy): Partial<Said> {
  const asking = said.auto_apply === undefined && (said.approvals !== undefined || said.separate_author);
  return { ...said, ...(asking && { auto_apply: "never" }), ...(runner_pool && { runner_pools: [runner_pool] }) } as Partial<Said>;
}

function decided<K extends keyof Said>(name: K, outer: Partial<Said>, inner: Partial<Said>): Partial<Said> {
  const one = outer[name] ?? inner[name];
  if (one === undefined) return {};
  // What one level says alone goes through the same rule, so that it gets the same spelling.
  return { [name]: stricter[name](one, inner[name] ?? one) } as Partial<Said>;
}

/** Project over Capsule, the stricter of each; the default where neither speaks. */
export function effectivePolicy(project: Policy, capsule: Policy): EffectivePolicy {
  const [outer, inner] = [meant(project), meant(capsule)];
  const names = Object.keys(stricter) as (keyof Said)[];
  return Object.assign({ ...policyDefaults }, ...names.map((name) => decided(name, outer, inner)));
}
