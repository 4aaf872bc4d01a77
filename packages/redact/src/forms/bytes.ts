/** The spellings of a value's UTF-8 bytes. */

/** Hexadecimal, in both cases. */
export function hexForms(value: string): string[] {
  const hex = Buffer.from(value).toString("hex");
  return [hex, hex.toUpperCase()];
}

/**
 * Base64 in both alphabets: alone, with and without padding; and in the middle of something longer, at each of the three offsets,
 * as the characters that depend on nothing but the value.
 */
export function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const alone = bytes.toString("base64");
  const inside = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    return shifted.toString("base64").slice(Math.ceil((offset * 8) / 6), Math.floor((shifted.length * 8) / 6));
  });
  const standard = [alone, alone.replace(/=+$/, ""), ...inside];
  return standard.flatMap((text) => [text, text.replaceAll("+", "-").replaceAll("/", "_")]);
}

/** Units of a piece: 12 bytes in base64, 10 in hexadecimal. */
const base64Piece = 16;
const hexPiece = 20;

/**
 * Every piece of base64 and hexadecimal: what is left of a form where it is wrapped at any width and each line got words of its own in
 * front, as the tool does with a program's output, or where it was cut.
 */
export function* pieceForms(value: string): Generator<string> {
  for (const form of new Set(base64Forms(value))) yield* piecesOf(form.replace(/=+$/, ""), base64Piece);
  for (const form of hexForms(value)) yield* piecesOf(form, hexPiece);
}

function* piecesOf(form: string, length: number): Generator<string> {
  for (let at = 0; at + length <= form.length; at++) yield form.slice(at, at + length);
}

/** Base64 inside a URL. */
export function escapedBase64Forms(value: string): string[] {
  const upper = base64Forms(value).map((text) => text.replaceAll("+", "%2B").replaceAll("/", "%2F").replaceAll("=", "%3D"));
  return upper.flatMap((text) => [text, text.replace(/%../g, (escape) => escape.toLowerCase())]);
}

/** The lines of base64 as tools wrap it, each alone, and all of them where a line break became `\n`. Real breaks are looked through. */
export function wrappedBase64Forms(value: string): string[] {
  const alone = Buffer.from(value).toString("base64");
  return [64, 76].flatMap((width) => {
    const lines = alone.match(new RegExp(`.{1,${width}}`, "g")) ?? [];
    return lines.length < 2 ? [] : [...lines, lines.join("\\n"), lines.join("\\r\\n")];
  });
}
