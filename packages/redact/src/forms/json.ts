/** Inside a JSON string, as JSON.stringify writes it and as Go does (`<`, `>` and `&` escaped). */
export function commonJsonForms(value: string): string[] {
  const plain = inside(value);
  return [plain, forHtml(plain)];
}

/** Inside a JSON string of any common writer, and inside such a string that stands in another JSON string. */
export function jsonForms(value: string): string[] {
  const once = spellings(inside(value));
  return [...once, ...once.flatMap((text) => [inside(text), forHtml(inside(text))])];
}

const inside = (value: string) => JSON.stringify(value).slice(1, -1);

function spellings(plain: string): string[] {
  const ascii = asciiOnly(plain);
  const slashed = plain.replaceAll("/", "\\/");
  const longControls = plain.replaceAll("\\b", "\\u0008").replaceAll("\\f", "\\u000c");
  const upper = ascii.replace(/\\u[0-9a-f]{4}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`);
  return [plain, forHtml(plain), forHtml(longControls), ascii, upper, slashed, ascii.replaceAll("/", "\\/")];
}

const unicode = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
const forHtml = (text: string) => text.replace(/[<>&\u2028\u2029]/g, unicode);
const asciiOnly = (text: string) => text.replace(/[\u007f-\uffff]/g, unicode);
