import fc from "fast-check";
import { expect, it } from "vitest";
import { EventLines } from "../src/event-lines.ts";

const progress = (output: string) =>
  JSON.stringify({
    "@level": "info",
    "@message": `terraform_data.a: (local-exec): ${output}`,
    hook: { resource: { addr: "terraform_data.a" }, provisioner: "local-exec", output },
    type: "provision_progress",
  });
const diagnostic = (summary: string) =>
  JSON.stringify({ "@level": "error", "@message": summary, diagnostic: { severity: "error", summary, detail: "" }, type: "diagnostic" });

it("are the same events, however the bytes are cut", () => {
  const said = Buffer.from(`${[progress("1"), diagnostic("first"), "no json", progress("é漢😀"), "", diagnostic("last")].join("\r\n")}\n`);
  const whole = new EventLines().push(said);
  expect(whole.map(({ type }) => type)).toEqual(["provisioner", "diagnostic", "log", "provisioner", "diagnostic"]);
  fc.assert(
    fc.property(fc.array(fc.nat(said.length), { maxLength: 8 }), (at) => {
      const ends = [...new Set([...at, said.length])].sort((a, b) => a - b);
      const lines = new EventLines();
      expect([...ends.flatMap((end, i) => lines.push(said.subarray(ends[i - 1] ?? 0, end))), ...lines.end()]).toEqual(whole);
    }),
  );
});
