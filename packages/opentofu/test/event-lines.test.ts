import fc from "fast-check";
import { expect, it } from "vitest";
import { EventLines } from "../src/event-lines.ts";
import { parseEvent } from "../src/events.ts";

/** As the tool writes it, in its order. */
const progress = (output: string, addr = "terraform_data.a") =>
  JSON.stringify({
    "@level": "info",
    "@message": `${addr}: (local-exec): ${output}`,
    "@module": "tofu.ui",
    "@timestamp": "2026-11-27T16:39:19.717275Z",
    hook: { resource: { addr, module: "", resource: addr }, provisioner: "local-exec", output },
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

it("reads what is printed by its parts as it would whole, whatever is in it", () => {
  const odd = fc.string({ unit: fc.constantFrom('"', "\\", ",", ":", '"@module":', '"module":', "é", "\t", "a"), maxLength: 12 });
  fc.assert(
    fc.property(odd, odd, (output, key) => {
      const line = progress(output, `a["${key}"]`);
      // Spaces are no part of what the tool writes: such a line is parsed as a whole.
      expect(parseEvent(line)).toEqual({ ...parseEvent(`${line} `), at: null });
    }),
  );
  for (const broken of [
    '{"@level":"info","@message":"\\x","@module":1,"hook":{"resource":{"addr":"a","module":1}},"type":"provision_progress"}',
  ])
    expect(parseEvent(broken)).toEqual({ type: "log", level: "info", text: broken, at: null });
});
