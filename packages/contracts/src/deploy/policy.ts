import { z } from "zod";
import { atLeast } from "../access.ts";

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
};

/** What a Capsule, or all Capsules of a Project, ask of a Run. The stricter of the two wins. Only what is enforced is accepted. */
export const Policy = z.strictObject(fields).partial();
export type Policy = z.infer<typeof Policy>;

/** What holds in the end, nothing left open. */
export const EffectivePolicy = z.object(fields).meta({ id: "EffectivePolicy" });
export type EffectivePolicy = z.infer<typeof EffectivePolicy>;

const policyDefaults: EffectivePolicy = {
  approvals: 1,
  separate_author: false,
  auto_apply: "never",
  destroy_role: "admin",
  plan_ttl: "24h",
  timeout: "2h",
};

/** Of equally long ones the first by spelling, so that the order of the two does not matter. */
const shorter = (one: string, other: string): string =>
  [one, other].toSorted((a, b) => secondsOf(a) - secondsOf(b) || (a < b ? -1 : 1))[0] as string;

type Said = { readonly [K in keyof typeof fields]: z.infer<(typeof fields)[K]> };
/** The stricter of two that were said. */
const stricter: { readonly [K in keyof Said]: (one: Said[K], other: Said[K]) => Said[K] } = {
  approvals: Math.max,
  separate_author: (one, other) => one || other,
  auto_apply: (one, other) => (one === "never" ? one : other),
  destroy_role: (one, other) => (atLeast(one, other) ? one : other),
  plan_ttl: shorter,
  timeout: shorter,
};

/** Who asks for approvals and says nothing of applying without any does not want it: the other level cannot allow it. */
const meant = (said: Policy): Policy =>
  said.auto_apply === undefined && (said.approvals !== undefined || said.separate_author) ? { ...said, auto_apply: "never" } : said;

function decided<K extends keyof Said>(name: K, outer: Partial<Said>, inner: Partial<Said>): Partial<Said> {
  const one = outer[name] ?? inner[name];
  if (one === undefined) return {};
  // What one level says alone goes through the same rule, so that it gets the same spelling.
  return { [name]: stricter[name](one, inner[name] ?? one) } as Partial<Said>;
}

/** Project over Capsule, the stricter of each; the default where neither speaks. */
export function effectivePolicy(project: Policy, capsule: Policy): EffectivePolicy {
  const [outer, inner] = [meant(project), meant(capsule)] as [Partial<Said>, Partial<Said>];
  const names = Object.keys(fields) as (keyof Said)[];
  return Object.assign({ ...policyDefaults }, ...names.map((name) => decided(name, outer, inner)));
}
