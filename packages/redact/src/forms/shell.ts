const octal = (byte: number) => `\\${byte.toString(8).padStart(3, "0")}`;
const named: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\x1b": "\\E",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
};

/** Inside the quotes that shells and their quoting functions write; the quotes around are not part of it. */
export function shellForms(value: string): string[] {
  return [
    value.replaceAll("'", "'\\''"),
    value.replaceAll("'", `'"'"'`),
    value.replaceAll("'", "''"),
    value.replace(/["$`\\]/g, "\\$&"),
    value.replace(/["$`\\!]/g, "\\$&"),
    // printf %q of bash: `#` and `~` only where the shell would take them for more than themselves; of other shells, always or never.
    value.replace(/[ !"$&'()*,;<>?[\\\]^`{|}\t]|^#|(?<=^|[:=])~/g, "\\$&"),
    value.replace(/[ !"#$&'()*,;<=>?[\\\]^`{|}~\t]/g, "\\$&"),
    value.replace(/[ !"$&'()*,;<>?[\\\]^`{|}\t]/g, "\\$&"),
    // Shellwords of Ruby.
    value.replace(/[^A-Za-z0-9_\-.,:+/@\n]/gu, "\\$&").replaceAll("\n", "'\n'"),
    ...dollarForms(value),
  ];
}

/** `$'…'`: characters beyond ASCII as they are, or as the octal bytes of the C locale. */
function dollarForms(value: string): string[] {
  const escaped = value.replace(/[\x00-\x1f\x7f'\\]/g, (unit) => named[unit] ?? octal(unit.charCodeAt(0)));
  const plain = escaped.replaceAll("\\E", "\\e");
  return [escaped, plain, escaped.replace(/[^\x00-\x7f]+/g, (text) => Array.from(Buffer.from(text), octal).join(""))];
}
