import type { Principal } from "@takosumi/transport/application";
import { describe, expect, it } from "vitest";
import { Buckets, openAdmission } from "./admission.ts";

const who = (id: string, kind: Principal["kind"] = "user"): Principal => ({
  id,
  kind,
  name: id,
  scopes: "*",
  token_id: null,
  address: null,
});

describe("token buckets", () => {
  it("admit a minute's worth, then say how long to wait, then admit again after exactly that", () => {
    let now = 0;
    const buckets = new Buckets(6, () => now);
    for (let i = 0; i < 6; i++) expect(buckets.take("a")).toBe(0);
    expect(buckets.take("a")).toBe(10_000);
    now += 9_999;
    expect(buckets.take("a")).toBe(1);
    now += 1;
    expect(buckets.take("a")).toBe(0);
    expect(buckets.take("b")).toBe(0);
  });

  it("a refused caller is not held back longer by asking", () => {
    let now = 0;
    const buckets = new Buckets(60, () => now);
    for (let i = 0; i < 60; i++) buckets.take("a");
    for (; now < 1_000; now += 50) expect(buckets.take("a")).toBeGreaterThan(0);
    expect(buckets.take("a")).toBe(0);
  });

  it("never hold more callers than they may, and forget the one that was quiet for the longest time", () => {
    const buckets = new Buckets(1, () => 0, 2);
    expect(buckets.take("a")).toBe(0);
    expect(buckets.take("b")).toBe(0);
    expect(buckets.take("a")).toBeGreaterThan(0);
    expect(buckets.take("c")).toBe(0);
    expect(buckets.take("a")).toBeGreaterThan(0);
    expect(buckets.take("b")).toBe(0);
  });
});

describe("admission", () => {
  it("counts principals and addresses apart, and never probes or runners", () => {
    const { admit, failed } = openAdmission({ principal: 2, address: 1 }, () => 0);
    for (let i = 0; i < 5; i++) admit(null, "a", "health.live");
    for (let i = 0; i < 5; i++) admit(who("r", "runner"), "a", "runnerProtocol.claim");
    for (let i = 0; i < 2; i++) admit(who("u"), "a", "runs.list");
    const limited = (after: number) =>
      expect.objectContaining({ code: "RATE_LIMITED", details: { reason: "requests", retry_after_ms: after } });
    expect(() => admit(who("u"), "a", "runs.list")).toThrow(limited(30_000));
    admit(null, "a", "runs.list");
    expect(() => failed("a")).toThrow(limited(60_000));
    failed("b");
  });
});
