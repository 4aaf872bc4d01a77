import { expect, test } from "vitest";
import { ApiError, errorStatus, reasons } from "./errors.ts";

test("every code has its reasons, and every reason one writing", () => {
  expect(Object.keys(reasons)).toEqual(Object.keys(errorStatus));
  for (const list of Object.values<readonly string[]>(reasons)) {
    expect(new Set(list).size).toBe(list.length);
    for (const reason of list) expect(reason).toMatch(/^[a-z_]+$/);
  }
});
test("an error that came over the wire is the same error", () => {
  const error = new ApiError("CONFLICT", "It is stale", { reason: "stale", run_id: "run_1" });
  const { code, message, details } = error;
  const received = ApiError.received(JSON.parse(JSON.stringify({ code, message, details })));
  expect({ ...received, message: received.message }).toEqual({ ...error, message: error.message });
  expect(received).toBeInstanceOf(ApiError);
});
