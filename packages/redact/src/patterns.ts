import { commonWords } from "./common-words.ts";
import { base64Forms, escapedBase64Forms, hexForms, pieceForms, wrappedBase64Forms } from "./forms/bytes.ts";
import { commonJsonForms, jsonForms } from "./forms/json.ts";
import { markupForms } from "./forms/markup.ts";
import { quotedForms } from "./forms/quoted.ts";
import { shellForms } from "./forms/shell.ts";
import { commonUrlForms, urlForms } from "./forms/url.ts";

/** How much of a value is looked for: every form and pieces of forms, every form, the common ones, or its lines as they are. */
export const levels = ["pieces", "every", "common", "lines"] as const;
export type Level = (typeof levels)[number];

/** Shorter patterns would hit by chance. */
export const minPattern = 6;
const minLine = 8;
/** Largest value, in UTF-16 units, that is looked for in pieces too, in every form, and in the common ones. */
const piecesUpTo = 2 * 1024;
const everyUpTo = 4 * 1024;
const commonUpTo = 64 * 1024;
/** A line longer than this is looked for in overlapping pieces, so that no pattern is longer than a form of a 64 Ki value. */
const piece = 1024;

export function levelOf({ length }: string): Level {
  if (length <= piecesUpTo) return "pieces";
  if (length <= everyUpTo) return "every";
  return length <= commonUpTo ? "common" : "lines";
}

/** Whether a value, or a line of one, is never looked for: too short, or a common word. */
export const tooPlain = (value: string): boolean => value.trim().length < minPattern || commonWords.has(value.trim().toLowerCase());

/** What to look for: texts of 6 units and more, without line breaks, which the automaton looks through. The value itself comes first. */
export function patternsOf(value: string, level: Level): ReadonlySet<string> {
  const patterns = new Set<string>();
  if (tooPlain(value)) return patterns;
  const add = (texts: Iterable<string>) => {
    for (const text of texts) {
      const pattern = text.replace(/[\r\n]+/g, "");
      if (pattern.length >= minPattern && pattern.trim() !== "" && !"[redacted]".includes(pattern)) patterns.add(pattern);
    }
  };
  const lines = linesOf(value);
  if (level === "lines") {
    for (const line of lines.length > 0 ? lines : [value.trim()]) add(piecesOf(line));
    return patterns;
  }
  const forms = level === "common" ? commonForms : everyForm;
  for (const variant of variantsOf(value)) add([variant]);
  for (const variant of variantsOf(value)) add(forms(variant));
  for (const line of lines) {
    add([line]);
    add(level === "common" ? commonJsonForms(line) : lineForms(line));
  }
  if (level === "pieces") for (const variant of variantsOf(value)) add(pieceForms(variant));
  return patterns;
}

/** A value as it is and without what surrounds it, with either kind of line break. */
function variantsOf(value: string): Set<string> {
  return new Set([value.trim(), value].flatMap((text) => [text, text.replace(/\r\n?/g, "\n"), text.replace(/\r\n?|\n/g, "\r\n")]));
}

function linesOf(value: string): string[] {
  const lines = value.trim().split(/[\r\n]+/);
  if (lines.length < 2) return [];
  return [...new Set(lines.map((line) => line.trim()))].filter((line) => line.length >= minLine && !tooPlain(line));
}

function piecesOf(line: string): string[] {
  const pieces = [line.slice(-piece)];
  for (let from = 0; from + piece < line.length; from += piece - 1) pieces.push(line.slice(from, from + piece));
  return pieces;
}

const commonForms = (value: string) => [...commonJsonForms(value), ...commonUrlForms(value), ...base64Forms(value), ...hexForms(value)];
const lineForms = (value: string) => [
  ...jsonForms(value),
  ...urlForms(value),
  ...markupForms(value),
  ...shellForms(value),
  ...quotedForms(value),
  ...hexForms(value),
  ...base64Forms(value),
  ...escapedBase64Forms(value),
];
const everyForm = (value: string) => [...lineForms(value), ...wrappedBase64Forms(value)];
