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

it("passes over what provisioners print and over nothing else, however the bytes are cut", () => {
  const sly = ',"type":"provision_progress"}';
  const said = Buffer.from(
    `${[progress("1"), diagnostic("first"), progress(sly), diagnostic(sly), `plain ${sly.slice(1)}`, progress("é"), diagnostic("last")].join("\n")}\n`,
  );
  fc.assert(
    fc.property(fc.array(fc.nat(said.length), { maxLength: 8 }), (at) => {
      const ends = [...new Set([...at, said.length])].sort((a, b) => a - b);
      const lines = new EventLines({ withoutPrinted: true });
      const events = [...ends.flatMap((end, i) => lines.push(said.subarray(ends[i - 1] ?? 0, end))), ...lines.end()];
      const heard = events.flatMap((event) => (event.type === "diagnostic" ? [event.summary] : event.type === "log" ? [event.text] : []));
      expect(heard).toEqual(["first", sly, `plain ${sly.slice(1)}`, "last"]);
    }),
  );
  const whole = new EventLines({ withoutPrinted: true }).push(said);
  expect(whole.filter(({ type }) => type === "provisioner")).toEqual([]);
  expect(new EventLines().push(said).filter(({ type }) => type === "provisioner")).toHaveLength(3);
});
