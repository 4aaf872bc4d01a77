import { execFileSync } from "node:child_process";
import { oddSecret, pem, randomSecrets, spellings } from "@takosumi/testkit/spellings";
import { describe, expect, it } from "vitest";
import { createRedactor, type Redactor } from "../src/redactor.ts";

const secrets = randomSecrets();
const redactor = createRedactor(secrets.map((value, i) => ({ name: `S${i}`, value })));

const inPieces = (redacting: Redactor, pieces: readonly string[]) => {
  const stream = redacting.stream();
  return pieces.map((piece) => stream.write(piece)).join("") + stream.end();
};
/** The longest start of `form` that is still there, by which a leak shows even where the end was hidden. */
const shows = (output: string, form: string) =>
  output.includes(form.trim()) || output.includes(form.trim().slice(0, Math.max(6, form.length - 3)));

describe.each(secrets.map((value, i) => ({ i, value })))("secret $i", ({ value }) => {
  it.each(Object.entries(spellings(value)))("is hidden as %s, split at every place", (_name, form) => {
    const line = `before ${form} after`;
    const whole = redactor.text(line);
    expect(shows(whole, form)).toBe(false);
    expect(whole.startsWith("before ")).toBe(true);
    expect(whole.endsWith(" after")).toBe(true);
    for (let at = 0; at <= line.length; at += 1) expect(inPieces(redactor, [line.slice(0, at), line.slice(at)])).toBe(whole);
    expect(inPieces(redactor, Array.from(line))).toBe(whole);
    expect(redactor.text(whole)).toBe(whole);
  });
});

describe("a key of several lines", () => {
  const key = pem(6);
  const lines = key.split("\n").filter((line) => line.length >= 8);
  const one = createRedactor([{ name: "KEY", value: key }]);

  it("is one replacement as a whole, with any line breaks", () => {
    for (const text of [key, key.replaceAll("\n", "\r\n"), key.replaceAll("\n", ""), key.replaceAll("\n", "\n\n")]) {
      expect(one.text(`[${text.trim()}]`)).toBe("[[redacted KEY]]");
    }
  });

  it("is hidden line by line, alone, indented, behind a margin, and in other forms", () => {
    for (const line of lines) {
      for (const form of [
        line,
        `    ${line}`,
        `│ ${line}\r`,
        encodeURIComponent(line),
        JSON.stringify(line),
        Buffer.from(line).toString("base64"),
      ]) {
        expect(one.text(form)).toContain("[redacted KEY]");
        expect(one.text(form)).not.toContain(form.trim());
      }
    }
  });
});

const bash = (() => {
  try {
    execFileSync("bash", ["--norc", "-c", "true"]);
    return true;
  } catch {
    return false;
  }
})();

const scripts = [
  'printf %q "$1"',
  'printf %s "${1@Q}"',
  'printf %s "$1" | base64',
  'printf "user:%s@host" "$1" | base64 -w 60',
  'printf %s "$1" | od -An -v -tx1 | tr -d " \\n"',
];

const bashPrints = (script: string, locale: string, values: readonly string[]) =>
  execFileSync("bash", ["--norc", "-c", script, "bash", ...values], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { LC_ALL: locale, PATH: "/usr/bin:/bin" },
  });

describe.skipIf(!bash)("what bash itself writes", () => {
  it.each(scripts.flatMap((script) => ["C", "C.UTF-8"].map((locale) => ({ script, locale }))))("$script in $locale is hidden", (given) => {
    for (const value of secrets) {
      const quoted = bashPrints(given.script, given.locale, [value]);
      const output = redactor.text(quoted);
      expect(output, `${JSON.stringify(value)} is ${quoted}`).toContain("[redacted S");
      expect(output.replace(/\[redacted S\d+\]/g, "").length, quoted).toBeLessThan(24);
    }
  });

  it.each(["C", "C.UTF-8"])("of many odd values, quoted in %s, is hidden", (locale) => {
    const values = Array.from({ length: 500 }, () => oddSecret());
    const loop = (print: string) => `for value; do ${print}; printf "\\0"; done`;
    for (const print of ['printf %q "$value"', 'printf %s "${value@Q}"']) {
      const quoted = bashPrints(loop(print), locale, values).split("\0");
      const shown = values.flatMap((value, i) => {
        const output = createRedactor([{ value }]).text(quoted[i] ?? "");
        return output.replace("[redacted]", "").length < 6 && output.includes("[redacted]")
          ? []
          : [`${JSON.stringify(value)}: ${quoted[i]}`];
      });
      expect(shown).toEqual([]);
    }
  });
});
