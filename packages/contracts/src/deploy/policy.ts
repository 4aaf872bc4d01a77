import { z } from "zod";

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

/** What a Capsule, or all Capsules of a Project, ask of a Run. The stricter of the two wins. Only what is enforced is accepted. */
export const Policy = z.strictObject({
  plan_ttl: duration("1s", "30d").optional(),
  timeout: duration("10s", "1d").optional(),
});
export type Policy = z.infer<typeof Policy>;

export const policyDefaults = { plan_ttl: "24h", timeout: "2h" } as const satisfies Required<Policy>;

const shorter = (one: string, other: string | undefined): string =>
  other === undefined || secondsOf(one) <= secondsOf(other) ? one : other;

/** Project over Capsule, the stricter of each; the default where neither speaks. */
export const effectivePolicy = (project: Policy, capsule: Policy): { readonly [K in keyof Policy]-?: string } => ({
  plan_ttl: shorter(project.plan_ttl ?? capsule.plan_ttl ?? policyDefaults.plan_ttl, capsule.plan_ttl),
  timeout: shorter(project.timeout ?? capsule.timeout ?? policyDefaults.timeout, capsule.timeout),
});
