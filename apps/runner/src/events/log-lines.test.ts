import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DUMP_LEFT_OUT, LogLines } from "./log-lines.ts";

const state = '{\n  "version": 4,\n  "serial": 3,\n  "outputs": {\n    "p": "secret"\n  }\n}\n';
const read = (cuts: Buffer[], lines: LogLines): { text: string; places: { offset: number; memory?: string }[] } => {
  const pieces = [...cuts.map((cut) => lines.push(cut)), lines.end()].filter((piece) => piece !== null);
  return { text: pieces.map(({ text }) => text).join(""), places: pieces.map(({ place }) => place) };
};
const cutAt = (bytes: Buffer, at: number[]): Buffer[] => {
  const ends = [...new Set(at.map((one) => one % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
};

describe("LogLines", () => {
  const said = Buffer.from(`before é\n{\nplain brace\n${state}after\nno end`);
  const expected = `before é\n{\nplain brace\n${DUMP_LEFT_OUT}after\nno end\n`;

  it("gives whole lines and never a state, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 12 }), (at) => {
        expect(read(cutAt(said, at), new LogLines("x")).text).toBe(expected);
      }),
    );
  });

  it("goes on from any of its places as if it had never stopped", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { minLength: 1, maxLength: 8 }), fc.nat(7), (at, stop) => {
        const lines = new LogLines("x");
        const pieces = cutAt(said, at)
          .map((cut) => lines.push(cut))
          .filter((piece) => piece !== null);
        const last = pieces[stop % Math.max(pieces.length, 1)];
        if (!last) return;
        const before = pieces
          .slice(0, pieces.indexOf(last) + 1)
          .map(({ text }) => text)
          .join("");
        const second = read([said.subarray(last.place.offset)], new LogLines("x", last.place));
        expect(before + second.text).toBe(expected);
      }),
    );
  });
});
