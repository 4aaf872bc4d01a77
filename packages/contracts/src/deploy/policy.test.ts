import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atLeast } from "../access.ts";
import { type EffectivePolicy, effectivePolicy, Policy, secondsOf } from "./policy.ts";

const duration = fc.constantFrom("60s", "1m", "90m", "2h", "24h", "1d");
const fields = {
  approvals: fc.integer({ min: 1, max: 5 }),
  separate_author: fc.boolean(),
  auto_apply: fc.constantFrom("never", "no_destroy"),
  destroy_role: fc.constantFrom("admin", "owner"),
  plan_ttl: duration,
  timeout: duration,
} as const;
/** Says something of everything, or only of some things. */
const whole = fc.record(fields);
const some: fc.Arbitrary<Policy> = fc.record(fields, { requiredKeys: [] });

/** Whatever `loose` refuses, `strict` refuses too. */
const asStrict = (strict: EffectivePolicy, loose: EffectivePolicy): boolean =>
  strict.approvals >= loose.approvals &&
  (strict.separate_author || !loose.separate_author) &&
  (strict.auto_apply === "never" || loose.auto_apply === "no_destroy") &&
  atLeast(strict.destroy_role, loose.destroy_role) &&
  secondsOf(strict.plan_ttl) <= secondsOf(loose.plan_ttl) &&
  secondsOf(strict.timeout) <= secondsOf(loose.timeout);

describe("the effective policy", () => {
  it("does not depend on which of the two is the Project", () =>
    fc.assert(
      fc.property(some, some, (one, other) => {
        expect(effectivePolicy(one, other)).toEqual(effectivePolicy(other, one));
      }),
    ));

  it("of a policy with itself is that of the policy alone", () =>
    fc.assert(
      fc.property(some, (one) => {
        expect(effectivePolicy(one, one)).toEqual(effectivePolicy(one, {}));
      }),
    ));

  it("is as strict as each of the two", () =>
    fc.assert(
      fc.property(whole, whole, (one, other) => {
        const both = effectivePolicy(one, other);
        expect([asStrict(both, effectivePolicy(one, {})), asStrict(both, effectivePolicy(other, {}))]).toEqual([true, true]);
      }),
    ));

  it("never gets looser where one of the two gets stricter", () =>
    fc.assert(
      fc.property(whole, whole, some, (one, more, other) => {
        const tightened = Policy.parse(effectivePolicy(one, more));
        expect(asStrict(effectivePolicy(tightened, other), effectivePolicy(one, other))).toBe(true);
      }),
    ));

  it("where neither speaks is the default", () => {
    expect(effectivePolicy({}, {})).toMatchObject({ approvals: 1, separate_author: false, auto_apply: "never" });
  });

  it("lets one level apply without approvals only where the other asks for none", () => {
    const auto = { auto_apply: "no_destroy" } as const;
    expect(effectivePolicy({}, auto).auto_apply).toBe("no_destroy");
    for (const asking of [{ approvals: 1 }, { approvals: 2 }, { separate_author: true }] as const)
      expect([effectivePolicy(asking, auto).auto_apply, effectivePolicy(asking, { ...asking, ...auto }).auto_apply]).toEqual([
        "never",
        "never",
      ]);
    expect(effectivePolicy({ approvals: 2, ...auto }, {}).auto_apply).toBe("no_destroy");
  });
});
