import type { Policy } from "@takosumi/contracts/deploy/policy";
import { reportedChange } from "./reporting-runner.ts";

/** What a plan may be like. */
export const planKinds = {
  create: { mode: "normal", changes: [reportedChange("t.a", ["create"])] },
  replace: { mode: "normal", changes: [reportedChange("t.a", ["delete", "create"])] },
  destroy: { mode: "destroy", changes: [reportedChange("t.a", ["delete"])] },
} as const;
type Kind = keyof typeof planKinds;
type Said = "approvals" | "separate_author" | "auto_apply" | "destroy_role";
type Strict = { readonly [K in Said]: NonNullable<Policy[K]> };
const loose: Strict = { approvals: 1, separate_author: false, auto_apply: "no_destroy", destroy_role: "admin" };

/** Where a policy is said, Project first: in one of the two, in one beside a loose other, or some of it in each. */
const places = {
  project: (policy: Strict) => [policy, {}],
  capsule: (policy: Strict) => [{}, policy],
  "project over a loose capsule": (policy: Strict) => [policy, loose],
  "capsule under a loose project": (policy: Strict) => [loose, policy],
  "some in each": ({ approvals, destroy_role, ...rest }: Strict) => [{ approvals, destroy_role }, rest],
} as const satisfies Record<string, (policy: Strict) => readonly [Policy, Policy]>;
type Place = keyof typeof places;

export interface PolicyCase {
  readonly policy: Strict;
  readonly kind: Kind;
  readonly place: Place;
}
/** Everything with everything, the place changing fastest. */
export const policyCases: readonly PolicyCase[] = [1, 2, 3].flatMap((approvals) =>
  [false, true].flatMap((separate_author) =>
    (["never", "no_destroy"] as const).flatMap((auto_apply) =>
      (["admin", "owner"] as const).flatMap((destroy_role) =>
        (Object.keys(planKinds) as Kind[]).flatMap((kind) =>
          (Object.keys(places) as Place[]).map((place) => ({
            policy: { approvals, separate_author, auto_apply, destroy_role },
            kind,
            place,
          })),
        ),
      ),
    ),
  ),
);
export const saidOn = ({ policy, place }: PolicyCase): readonly [project: Policy, capsule: Policy] => places[place](policy);

/** Who tries to approve, in this order, and their role. The author made the plan; their second try is a repeat. */
export const approverRoles = { editor: "editor", author: "admin", admin: "admin", owner: "owner", "another admin": "admin" } as const;
export type Who = keyof typeof approverRoles;
export const tryOrder: readonly Who[] = ["editor", "author", "author", "admin", "owner", "another admin"];

export interface ExpectedCase {
  readonly automatic: boolean;
  /** Of each try: the reason of a refusal, `planned` (counted, more are missing), `again` (a repeat), or `queued`. */
  readonly tries: readonly ("role" | "separate_author" | "destroy_role" | "planned" | "again" | "queued")[];
  readonly approved: readonly Who[];
  readonly done: boolean;
}

/** What should come of each try, said without a look at how it is done. */
export function expectedOf({ policy, kind, place }: PolicyCase): ExpectedCase {
  const takesAway = kind !== "create";
  // Where approvals are asked for on one level, only that level can waive them.
  const automatic = policy.auto_apply === "no_destroy" && !takesAway && place !== "some in each";
  const approved = new Set<Who>();
  const tries = tryOrder.map((who) => {
    if (approverRoles[who] === "editor") return "role";
    if (automatic || approved.size >= policy.approvals) return "queued";
    if (policy.separate_author && who === "author") return "separate_author";
    if (takesAway && policy.destroy_role === "owner" && approverRoles[who] !== "owner") return "destroy_role";
    const again = approved.has(who);
    approved.add(who);
    return approved.size >= policy.approvals ? "queued" : again ? "again" : "planned";
  });
  return { automatic, tries, approved: [...approved], done: automatic || approved.size >= policy.approvals };
}
