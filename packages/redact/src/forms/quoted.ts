const named: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");
const unicode = (code: number) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`);
const codeOf = (character: string) => character.codePointAt(0) ?? 0;

/** Inside a string as Go's %q and %+q write it, and inside an HCL string, where `${` and `%{` are doubled. */
export function quotedForms(value: string): string[] {
  const go = value.replace(/[\x00-\x1f\x7f"\\]/g, (unit) => named[unit] ?? `\\x${hex(unit.charCodeAt(0), 2)}`);
  const hcl = value.replace(/[\n\r\t"\\]/g, (unit) => named[unit] ?? unit).replace(/[$%](?=\{)/g, "$&$&");
  const asciiOnly = (text: string) => text.replace(/[^\x00-\x7f]/gu, (character) => unicode(codeOf(character)));
  return [go, asciiOnly(go), hcl, asciiOnly(hcl), value.replace(/[$%](?=\{)/g, "$&$&")];
}
