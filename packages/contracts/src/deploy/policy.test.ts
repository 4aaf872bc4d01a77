import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { atLeast } from "../access.ts";
import { type EffectivePolicy, effectivePolicy, Policy, secondsOf } from "./policy.ts";
import { ProviderPattern, patternCovers } from "./provider-patterns.ts";

const part = fc.constantFrom("*", "a", "b", "C");
const pattern = fc
  .tuple(fc.constantFrom("", "", "registry.terraform.io/", "*/", "r.example:8443/"), part, part)
  .map(([host, ...rest]) => host + rest.join("/"));
const patterns = fc.array(pattern, { maxLength: 5 });
const duration = fc.constantFrom("60s", "1m", "90m", "2h", "24h", "1d");
const fields = {
  approvals: fc.integer({ min: 1, max: 5 }),
  separate_author: fc.boolean(),
  auto_apply: fc.constantFrom("never", "no_destroy"),
  destroy_role: fc.constantFrom("admin", "owner"),
  plan_ttl: duration,
  timeout: duration,
  allowed_providers: patterns,
  denied_providers: patterns,
  runner_pool: fc.constantFrom("default", "a", "b"),
} as const;
/** Says something of everything, or only of some things. */
const whole = fc.record(fields);
const some: fc.Arbitrary<Policy> = fc.record(fields, { requiredKeys: [] });

/** Every provider that patterns of the test could tell apart. */
const addresses = ["registry.opentofu.org", "r.example:8443", "elsewhere"].flatMap((host) =>
  ["a", "b", "c"].flatMap((namespace) => ["a", "b", "c"].map((type) => `${host}/${namespace}/${type}`)),
);
const allows = ({ allowed_providers, denied_providers }: Pick<EffectivePolicy, "allowed_providers" | "denied_providers">) =>
  addresses.filter(
    (address) =>
      (allowed_providers?.some((one) => patternCovers(one, address)) ?? true) &&
      !denied_providers.some((one) => patternCovers(one, address)),
  );

/** Whatever `loose` refuses, `strict` refuses too. */
const asStrict = (strict: EffectivePolicy, loose: EffectivePolicy): boolean =>
  strict.approvals >= loose.approvals &&
  (strict.separate_author || !loose.separate_author) &&
  (strict.auto_apply === "never" || loose.auto_apply === "no_destroy") &&
  atLeast(strict.destroy_role, loose.destroy_role) &&
  secondsOf(strict.plan_ttl) <= secondsOf(loose.plan_ttl) &&
  secondsOf(strict.timeout) <= secondsOf(loose.timeout) &&
  loose.runner_pools.every((name) => strict.runner_pools.includes(name)) &&
  allows(strict).every((address) => allows(loose).includes(address));

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
        const { runner_pools: _, ...said } = effectivePolicy(one, more);
        const tightened = Policy.parse({ ...said, runner_pool: one.runner_pool });
        expect(asStrict(effectivePolicy(tightened, other), effectivePolicy(one, other))).toBe(true);
      }),
    ));

  it("allows exactly the providers that both allow and neither denies", () =>
    fc.assert(
      fc.property(whole, whole, (one, other) => {
        const common = allows(one).filter((address) => allows(other).includes(address));
        expect(allows(effectivePolicy(one, other))).toEqual(common);
      }),
    ));

  it("where neither speaks is the default", () => {
    expect(effectivePolicy({}, {})).toMatchObject({ approvals: 1, separate_author: false, auto_apply: "never", allowed_providers: null });
  });

  it("of two levels that name other runner pools is a contradiction that shows", () => {
    expect(effectivePolicy({ runner_pool: "b" }, { runner_pool: "a" }).runner_pools).toEqual(["a", "b"]);
    expect(effectivePolicy({ runner_pool: "b" }, {}).runner_pools).toEqual(["b"]);
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

describe("a provider pattern", () => {
  it.each(["hashicorp/aws", "hashicorp/*", "*/aws", "*/*", "r.example:8443/a/*", "*/a/b"])("may be %s", (one) =>
    expect(ProviderPattern.safeParse(one).success).toBe(true),
  );
  it.each(["aws", "*", "a/b/c/d", "a*/b", "a//b", "/a/b", "a/b/", "a b/c", ""])("may not be %j", (one) =>
    expect(ProviderPattern.safeParse(one).success).toBe(false),
  );
  it("means the same provider under both names of the public registry", () => {
    expect(patternCovers("Hashicorp/aws", "registry.terraform.io/hashicorp/aws")).toBe(true);
    expect(patternCovers("registry.terraform.io/hashicorp/*", "registry.opentofu.org/hashicorp/aws")).toBe(true);
    expect(patternCovers("hashicorp/aws", "r.example/hashicorp/aws")).toBe(false);
    expect(patternCovers("*/hashicorp/aws", "r.example/hashicorp/aws")).toBe(true);
  });
});
