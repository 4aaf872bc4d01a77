/** Quotes as the common HTML and XML writers escape them: [double, single]. */
const quotes = [
  ['"', "'"],
  ["&quot;", "'"],
  ["&quot;", "&#39;"],
  ["&quot;", "&#x27;"],
  ["&quot;", "&#039;"],
  ["&quot;", "&apos;"],
  ["&#34;", "&#39;"],
] as const;

/** Inside HTML or XML, as text and as an attribute. */
export function markupForms(value: string): string[] {
  const text = value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const quoted = quotes.map(([double, single]) => text.replaceAll('"', double).replaceAll("'", single));
  // Go's encoding/xml writes control characters by number.
  const go = text
    .replaceAll('"', "&#34;")
    .replaceAll("'", "&#39;")
    .replaceAll("\t", "&#x9;")
    .replaceAll("\n", "&#xA;")
    .replaceAll("\r", "&#xD;");
  return [...quoted, go, value.replaceAll("&", "&amp;").replaceAll("<", "&lt;")];
}
