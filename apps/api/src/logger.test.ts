import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { openLog } from "./logger.ts";

function written(log: (log: ReturnType<typeof openLog>) => void): { line: Record<string, unknown>; text: string } {
  const chunks: string[] = [];
  const to = new Writable({
    write(chunk, _, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  log(openLog("info", to));
  const text = chunks.join("");
  return { line: JSON.parse(text), text };
}

describe("a line of the log", () => {
  it("has time, level in words, service and message", () => {
    expect(written((log) => log.info({ run_id: "run_1" }, "hello")).line).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: "api",
      run_id: "run_1",
      msg: "hello",
    });
  });

  it.each([
    { token: "hunter2" },
    { user: { password: "hunter2" } },
    { request: { headers: { authorization: "hunter2" } } },
    { body: { deep: { deeper: "hunter2" } } },
    { secret: { value: "hunter2" } },
  ])("holds no credential of %o", (fields) => {
    expect(written((log) => log.info(fields, "x")).text).not.toContain("hunter2");
  });

  it("holds of an error its class, code, message and cause, and not what else hangs on it", () => {
    const error = Object.assign(new Error("a key exists"), {
      code: "23505",
      detail: "Key (token_hash)=(hunter2) exists",
      parameters: ["hunter2"],
    });
    const { line, text } = written((log) => log.error({ err: new Error("outer", { cause: error }) }, "x"));
    expect(line.err).toMatchObject({ type: "Error", message: "outer", cause: { message: "a key exists" } });
    expect(text).not.toContain("hunter2");
    expect(written((log) => log.error({ err: error }, "x")).text).not.toContain("hunter2");
  });
});
