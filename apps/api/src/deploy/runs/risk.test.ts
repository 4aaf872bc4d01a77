import type { ReportedChange } from "@takosumi/contracts/deploy/plan";
import { reportedChange } from "@takosumi/testkit/reporting-runner";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAccessType, namedAccessTypes } from "./access-types.ts";
import { effectOf, ranked, riskOf } from "./risk.ts";
import { statefulTypes } from "./stateful-types.ts";

const change = (given: Partial<ReportedChange> & Pick<ReportedChange, "type" | "actions">): ReportedChange => ({
  ...reportedChange(`${given.type}.it`, given.actions),
  provider: "registry.opentofu.org/hashicorp/aws",
  ...given,
});

describe("risk of a change", () => {
  it.each([
    ["aws_db_instance", ["delete"], "high"],
    ["aws_db_instance", ["delete", "create"], "high"],
    ["aws_s3_bucket", ["create", "delete"], "high"],
    ["aws_db_instance", ["update"], "low"],
    ["aws_db_instance", ["create"], "low"],
    ["aws_db_instance", ["forget"], "medium"],
    ["aws_instance", ["delete"], "medium"],
    ["aws_instance", ["delete", "create"], "medium"],
    ["aws_instance", ["update"], "low"],
    ["aws_iam_role", ["update"], "medium"],
    ["aws_iam_role", ["create"], "low"],
    ["google_project_iam_member", ["update"], "medium"],
    ["azurerm_network_security_group", ["update"], "medium"],
    ["hcloud_firewall", ["update"], "medium"],
    ["aws_autoscaling_policy", ["update"], "low"],
    ["terraform_data", ["no-op"], "low"],
  ] as const)("%s %j is %s", (type, actions, risk) => {
    expect(riskOf(change({ type, actions: [...actions] }), "normal").risk).toBe(risk);
  });

  it("is high for whatever a destroy plan takes away, and says why", () => {
    expect(riskOf(change({ type: "terraform_data", actions: ["delete"] }), "destroy")).toEqual({
      risk: "high",
      risk_reasons: ["the plan destroys the whole Capsule"],
    });
    expect(riskOf(change({ type: "aws_db_instance", actions: ["delete"] }), "destroy").risk_reasons).toHaveLength(2);
    expect(riskOf(change({ type: "terraform_data", actions: ["no-op"] }), "destroy").risk).toBe("low");
  });

  it("is low for data that is only read, whatever its type", () => {
    expect(riskOf(change({ type: "aws_db_instance", actions: ["delete"], mode: "data" }), "normal").risk).toBe("low");
  });

  it("has reasons exactly where it is not low", () => {
    fc.assert(
      fc.property(changes(1), fc.constantFrom("normal", "destroy", "refresh_only"), ([one], mode) => {
        const { risk, risk_reasons } = riskOf(one as ReportedChange, mode);
        expect(risk_reasons.length > 0).toBe(risk !== "low");
      }),
    );
  });
});

const types = ["aws_db_instance", "aws_instance", "aws_iam_role", "terraform_data"];
const actions: ReportedChange["actions"][] = [
  ["no-op"],
  ["create"],
  ["read"],
  ["update"],
  ["delete"],
  ["delete", "create"],
  ["create", "delete"],
  ["forget"],
];
const changes = (least: number) =>
  fc.array(
    fc
      .record({
        type: fc.constantFrom(...types),
        actions: fc.constantFrom(...actions),
        address: fc.string({ maxLength: 3 }),
        deposed: fc.option(fc.constantFrom("a1", "b2")),
        import_id: fc.option(fc.constant("i-1")),
        mode: fc.constantFrom("managed" as const, "data" as const),
      })
      .map(change),
    { minLength: least, maxLength: 12 },
  );

describe("order of changes", () => {
  it("puts danger first", () => {
    const words = ranked(
      [
        change({ type: "terraform_data", actions: ["no-op"], address: "nothing" }),
        change({ type: "terraform_data", actions: ["no-op"], address: "moved", previous_address: "old" }),
        change({ type: "terraform_data", actions: ["create"], address: "create" }),
        change({ type: "terraform_data", actions: ["update"], address: "update" }),
        change({ type: "aws_iam_role", actions: ["update"], address: "zaccess" }),
        change({ type: "terraform_data", actions: ["forget"], address: "forget" }),
        change({ type: "terraform_data", actions: ["delete", "create"], address: "replace" }),
        change({ type: "terraform_data", actions: ["delete"], address: "destroy" }),
        change({ type: "aws_s3_bucket", actions: ["delete", "create"], address: "high replace" }),
        change({ type: "aws_s3_bucket", actions: ["delete"], address: "high destroy" }),
      ],
      "normal",
    ).changes.map(({ address }) => address);
    expect(words).toEqual([
      "high destroy",
      "high replace",
      "destroy",
      "replace",
      "forget",
      "zaccess",
      "update",
      "create",
      "moved",
      "nothing",
    ]);
  });

  it("is total: any order of the same changes reads the same", () => {
    fc.assert(
      fc.property(
        changes(0).chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
        ([list, shuffled]) => {
          const seen = (all: readonly ReportedChange[]) =>
            ranked(all, "normal").changes.map((one) => [one.address, one.deposed, one.risk, effectOf(one)]);
          expect(seen(shuffled)).toEqual(seen(list));
        },
      ),
    );
  });

  it("is stable and loses nothing", () => {
    fc.assert(
      fc.property(changes(0), (list) => {
        const once = ranked(list, "destroy").changes;
        expect(ranked(once, "destroy").changes).toEqual(once);
        expect(once.map(({ address }) => address).sort()).toEqual(list.map(({ address }) => address).sort());
        const heights = once.map(({ risk }) => risk === "high");
        expect(heights.lastIndexOf(true) + 1).toBe(heights.filter(Boolean).length);
      }),
    );
  });

  it("counts what changes something", () => {
    fc.assert(
      fc.property(changes(0), (list) => {
        const counts = ranked(list, "normal").risk;
        expect(counts.high + counts.medium + counts.low).toBe(list.filter((one) => effectOf(one) !== "none").length);
      }),
    );
  });
});

describe("types", () => {
  it("names more than 200 stateful ones, each the name of a resource type", () => {
    expect(statefulTypes.size).toBeGreaterThan(200);
    for (const type of statefulTypes) expect(type).toMatch(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/);
  });

  it("puts none in both files", () => {
    expect([...statefulTypes].filter(isAccessType)).toEqual([]);
    expect([...namedAccessTypes].filter((type) => statefulTypes.has(type))).toEqual([]);
    expect([...namedAccessTypes].filter((type) => !isAccessType(type))).toEqual([]);
  });
});
