/** What the escapers in use leave as it is, besides letters and digits. */
const unescaped = {
  encodeURIComponent: "-_.!~*'()",
  encodeURI: "-_.!~*'();/?:@&=+$,#",
  unreserved: "-_.~",
  python: "-_.~/",
  goPath: "-_.~$&+=:@",
  form: "-_.*",
};

const alphanumeric = /[A-Za-z0-9]/;

/** Percent-encoded in every common dialect, with hex digits of both cases, and `+` for a space. */
export function urlForms(value: string): string[] {
  const bytes = Buffer.from(value);
  return Object.values(unescaped).flatMap((kept) => {
    const upper = percent(bytes, kept);
    const lower = upper.replace(/%../g, (escape) => escape.toLowerCase());
    return [upper, lower, upper.replaceAll("%20", "+"), lower.replaceAll("%20", "+")];
  });
}

/** The dialect that most tools write. */
export const commonUrlForms = (value: string): string[] => [
  percent(Buffer.from(value), unescaped.encodeURIComponent),
  percent(Buffer.from(value), unescaped.unreserved),
];

function percent(bytes: Buffer, kept: string): string {
  let text = "";
  for (const byte of bytes) {
    const unit = String.fromCharCode(byte);
    text += alphanumeric.test(unit) || kept.includes(unit) ? unit : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return text;
}
