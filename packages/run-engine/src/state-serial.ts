/** Braces and brackets that open or close something, and texts: all that must be told apart to find what stands at the top. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;

/**
 * A state with another serial, every other byte as it was: parsing and writing it anew would round its large numbers.
 * Throws where the top of the document has no serial.
 */
export function withSerial(bytes: Uint8Array, serial: number): Buffer {
  const text = Buffer.from(bytes).toString("utf8");
  const parts: string[] = [];
  let depth = 0;
  let taken = 0;
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found === "{" || found === "[") depth++;
    else if (found === "}" || found === "]") depth--;
    else if (depth === 1 && found === '"serial"') {
      const after = index + found.length;
      const [whole, colon = ""] = /^(\s*:\s*)\d+/.exec(text.slice(after, after + 64)) ?? [];
      if (whole === undefined) continue;
      parts.push(text.slice(taken, after), colon, String(serial));
      taken = after + whole.length;
    }
  }
  if (taken === 0) throw new Error("a state without a serial");
  return Buffer.from(parts.join("") + text.slice(taken));
}
