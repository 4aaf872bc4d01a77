import { describe, expect, it } from "vitest";
import { afterCursor, fetchLimit, paged } from "./paging.ts";

const rows = Array.from({ length: 7 }, (_, i) => ({ id: `cap_${i}` }));
const fetch = (after: string | null, limit: number) =>
  rows.slice(after === null ? 0 : rows.findIndex(({ id }) => id === after) + 1).slice(0, fetchLimit(limit));

describe("paging", () => {
  it.each([1, 2, 3, 7, 8])("walks every row exactly once in pages of %i", (limit) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (;;) {
      const { rows: page, next_cursor } = paged(fetch(afterCursor(cursor), limit), limit, ({ id }) => id);
      seen.push(...page.map(({ id }) => id));
      if (next_cursor === null) break;
      cursor = next_cursor;
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it("keeps a sequence as well as an id", () => {
    const { next_cursor } = paged([{ sequence: 9n }, { sequence: 8n }], 1, ({ sequence }) => sequence);
    expect(afterCursor(next_cursor ?? undefined, "sequence")).toBe("9");
  });

  it.each([
    "x",
    "!!!!",
    "Y2FwXzE=",
    "Y2FwXzE\u0000",
    Buffer.from("'; DROP TABLE runs").toString("base64url"),
    Buffer.from("\0").toString("base64url"),
  ])("refuses %j and names the cursor", (cursor) => {
    expect(() => afterCursor(cursor)).toThrow(
      expect.objectContaining({ code: "BAD_REQUEST", details: expect.objectContaining({ reason: "bad_cursor" }) }),
    );
  });

  it("refuses a cursor of another kind of list", () => {
    const { next_cursor } = paged(rows, 1, ({ id }) => id);
    expect(() => afterCursor(next_cursor ?? undefined, "sequence")).toThrow("cursor");
  });
});
