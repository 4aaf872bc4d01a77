import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { levelOf, patternsOf } from "../src/patterns.ts";
import { createRedactor } from "../src/redactor.ts";
import { RedactionLimitError } from "../src/rules.ts";

/** The same by brute force: every occurrence of every pattern, overlapping ones as one. For texts without line breaks. */
function expected(text: string, secrets: readonly string[]): string {
  const gone = new Array<boolean>(text.length).fill(false);
  const begins = new Set<number>();
  const joined = new Set<number>();
  for (const pattern of secrets.flatMap((value) => [...patternsOf(value, levelOf(value))])) {
    for (let at = text.indexOf(pattern); at >= 0; at = text.indexOf(pattern, at + 1)) {
      begins.add(at);
      for (let i = 0; i < pattern.length; i += 1) {
        gone[at + i] = true;
        if (i > 0) joined.add(at + i);
      }
    }
  }
  return Array.from({ length: text.length }, (_, i) => (!gone[i] ? text[i] : begins.has(i) && !joined.has(i) ? "[redacted]" : "")).join("");
}

// Few letters, so that patterns begin, overlap and fail all the time.
const letters = fc.constantFrom("a", "b", "A");
const secret = fc.string({ unit: letters, minLength: 5, maxLength: 12 });
const text = fc.oneof(
  fc.string({ unit: letters, maxLength: 200 }),
  fc.string({ unit: fc.constantFrom("a", "b", "\n", "\r", "é", "😀"), maxLength: 200 }),
);
const cuts = fc.array(fc.nat(200), { maxLength: 8 });

function spans(value: string, at: readonly number[]): [start: number, end: number][] {
  const places = [0, ...at.filter((place) => place < value.length).sort((a, b) => a - b), value.length];
  return places.slice(1).map((place, i) => [places[i] ?? 0, place]);
}
const inPieces = (value: string, at: readonly number[], stream: { write(piece: string): string; end(): string }): string =>
  spans(value, at)
    .map(([start, end]) => stream.write(value.slice(start, end)))
    .join("") + stream.end();

describe("any text", () => {
  it("loses exactly what brute force finds", () => {
    const flat = fc.string({ unit: letters, maxLength: 200 });
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 4 }), flat, (secrets, value) => {
        expect(createRedactor(secrets.map((each) => ({ value: each }))).text(value)).toBe(expected(value, secrets));
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same in pieces as at once", () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 4 }), text, cuts, (values, value, at) => {
        const redactor = createRedactor(values.map((each, i) => ({ name: `N${i}`, value: each })));
        expect(inPieces(value, at, redactor.stream())).toBe(redactor.text(value));
      }),
      { numRuns: 500 },
    );
  });

  it("may be cut where it says, and each half be redacted alone", () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 4 }), text, cuts, (values, value, at) => {
        const redactor = createRedactor(values.map((each, i) => ({ name: `N${i}`, value: each })));
        let told = "";
        let open = "";
        for (const [start, end] of spans(value, at)) {
          const all = open + value.slice(start, end);
          const cut = redactor.cut(all);
          told += redactor.text(all.slice(0, cut));
          open = all.slice(cut);
        }
        expect(told + redactor.text(open)).toBe(redactor.text(value));
      }),
      { numRuns: 500 },
    );
  });

  it("without a secret in it stays as it is", () => {
    const redactor = createRedactor([{ value: "hunter2-hunter2" }, { value: "line of a key\nand another line" }]);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), cuts, (value, at) => {
        expect(redactor.text(value)).toBe(value);
        expect(inPieces(value, at, redactor.stream())).toBe(value);
      }),
    );
  });

  it("holds no secret afterwards, and does not change a second time", () => {
    const values = fc.array(fc.stringMatching(/^[a-zA-Z0-9+/=:@]{6,40}$/), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(values, fc.array(fc.oneof(fc.nat(4), fc.string())), (secrets, parts) => {
        const redactor = createRedactor(secrets.map((value, i) => ({ name: `N${i}`, value })));
        const once = redactor.text(parts.map((part) => (typeof part === "number" ? secrets[part % secrets.length] : part)).join(" "));
        for (const value of secrets) if (patternsOf(value, "every").size > 0) expect(once.includes(value)).toBe(false);
        expect(redactor.text(once)).toBe(once);
      }),
    );
  });
});

describe("the rule of what is looked for", () => {
  it("leaves short values and common words alone", () => {
    const values = ["", "a", "12345", "  abc  ", "true", "Password", "localhost", "ADMIN", "\n\n\n\n\n\n", "        "];
    const redactor = createRedactor(values.map((value) => ({ value })));
    const line = `true password localhost admin 12345 abc a ${values.join(" ")}`;
    expect(redactor.text(line)).toBe(line);
  });

  it("does not take short or common lines of a value as patterns", () => {
    const redactor = createRedactor([{ name: "KUBE", value: "apiVersion: v1\nclusters:\n- a: b\ntoken: abcdefgh1234" }]);
    expect(redactor.text("apiVersion: v1 | clusters: | - a: b | token: abcdefgh1234")).toBe(
      "apiVersion: v1 | clusters: | - a: b | [redacted KUBE]",
    );
  });

  it("takes the longest match, and names by the first", () => {
    const redactor = createRedactor([
      { name: "IN", value: "cdefgh" },
      { name: "OUT", value: "abcdefghij" },
      { name: "TAIL", value: "hijklmno" },
    ]);
    expect(redactor.text("abcdefghij")).toBe("[redacted OUT]");
    expect(redactor.text("xcdefghx")).toBe("x[redacted IN]x");
    expect(redactor.text("abcdefghijklmno.")).toBe("[redacted OUT].");
    expect(redactor.text("cdefghcdefgh")).toBe("[redacted IN][redacted IN]");
  });

  it("never shows a name that is hidden itself, nor odd signs in one", () => {
    const redactor = createRedactor([
      { name: "hunter2hunter2", value: "a-secret-value" },
      { name: "a b\n]", value: "hunter2hunter2" },
    ]);
    expect(redactor.text("a-secret-value hunter2hunter2")).toBe("[redacted] [redacted a_b__]");
  });
});

describe("JSON", () => {
  const redactor = createRedactor([
    { name: "PIN", value: "90210777" },
    { name: "KEY", value: "s3cr3t-key" },
  ]);

  it("loses secrets in strings, keys and numbers, and nothing else", () => {
    const value = { a: [true, null, 1.5, 90210777, -902107771], "s3cr3t-key": "x s3cr3t-key", "s3cr3t%2Dkey": {}, n: { "90210777": "" } };
    expect(redactor.json(value)).toEqual({
      a: [true, null, 1.5, "[redacted PIN]", "-[redacted PIN]1"],
      "[redacted KEY]": "x [redacted KEY]",
      "s3cr3t%2Dkey": {},
      n: { "[redacted PIN]": "" },
    });
  });

  it("keeps two keys that become the same", () => {
    const base64 = Buffer.from("s3cr3t-key").toString("base64");
    expect(redactor.json({ "s3cr3t-key": 1, [base64]: 2 })).toEqual({ "[redacted KEY]": 1, "[redacted KEY] (2)": 2 });
  });

  it("stays itself without secrets, also with a key __proto__", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(redactor.json(value))).toBe(JSON.stringify(value));
      }),
    );
    expect(JSON.stringify(redactor.json(JSON.parse('{"__proto__":{"a":1}}')))).toBe('{"__proto__":{"a":1}}');
  });

  it("is cut where it is too deep to walk", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}"s3cr3t-key"${"]".repeat(100_000)}`);
    expect(JSON.stringify(redactor.json(deep))).toBe(`${"[".repeat(200)}"[redacted]"${"]".repeat(200)}`);
  });
});

describe("a stream", () => {
  it("holds back only what may still become a secret", () => {
    const stream = createRedactor([{ name: "S", value: "abcdefgh" }]).stream();
    expect(stream.write("xx abc")).toBe("xx ");
    expect(stream.write("x")).toBe("abcx");
    expect(stream.write("abcdefg")).toBe("");
    expect(stream.write("h")).toBe("[redacted S]");
    expect(stream.write("abcd")).toBe("");
    expect(stream.end()).toBe("abcd");
    expect(stream.write("efgh abcdefgh")).toBe("efgh [redacted S]");
  });

  it("holds a bounded amount whatever comes", () => {
    const stream = createRedactor([{ name: "S", value: `${"a".repeat(40)}b` }]).stream();
    // Nothing of these is a whole secret, so what is not written is held.
    for (const piece of ["a", "a\n", "a\r\n\r\n", "aaaa", "a\n\n\n\n\n\n\n\n"]) {
      for (let i = 0; i < 5000; i += 1) stream.write(piece);
      expect(stream.end().length).toBeLessThanOrEqual(41 * 9);
    }
    stream.write("a");
    expect(stream.write("\n".repeat(100_000)).length).toBe(100_001);
  });

  it("never cuts a character in two", () => {
    const stream = createRedactor([{ value: "😀secret😀" }]).stream();
    expect(stream.write("x\ud83d")).toBe("x");
    expect(stream.write("\ude01")).toBe("\ud83d\ude01");
  });

  it("hides what is added while it is open, from what it still holds on", () => {
    const redactor = createRedactor([{ name: "ONE", value: "abcdefgh" }]);
    const stream = redactor.stream();
    expect(stream.write("later-value abcd")).toBe("later-value ");
    redactor.add([
      { name: "TWO", value: "later-value" },
      { name: "MORE", value: "abcd-more" },
    ]);
    expect(stream.write("-more later-value abcdefgh")).toBe("[redacted MORE] [redacted TWO] [redacted ONE]");
    expect(redactor.redactions).toBe(3);
  });
});

describe("limits", () => {
  const long = (length: number, seed = 0) =>
    Array.from({ length }, (_, i) => (((i + seed) * 2654435761) >>> 7).toString(36))
      .join("")
      .slice(0, length);

  it("large values are hidden in the common forms, huge ones line by line", () => {
    const [large, huge] = [long(50_000), `${long(70_000, 999_999)}\nanother-line`];
    const redactor = createRedactor([
      { name: "L", value: large },
      { name: "H", value: huge },
    ]);
    expect(redactor.narrowed).toBe(0);
    expect(redactor.text(`<${large}>`)).toBe("<[redacted L]>");
    expect(redactor.text(`<${Buffer.from(large).toString("base64")}>`)).toBe("<[redacted L]>");
    expect(redactor.text(`<${huge.split("\n")[0]}> another-line`)).toBe("<[redacted H]> [redacted H]");
  });

  it("fewer forms are looked for where all together are too large, and beyond that nothing is built", () => {
    const value = long(1000);
    const redactor = createRedactor([{ name: "S", value }], { units: 3000 });
    expect(redactor.narrowed).toBe(1);
    expect(redactor.text(value)).toBe("[redacted S]");
    expect(() => createRedactor([{ value }], { units: 900 })).toThrow(RedactionLimitError);
    expect(() => createRedactor([{ value: "abcdefg" }, { value: "hijklmn" }], { secrets: 1 })).toThrow(RedactionLimitError);
    expect(() => redactor.add([{ value: long(4000) }])).toThrow(RedactionLimitError);
    expect(redactor.text(value)).toBe("[redacted S]");
  });
});
