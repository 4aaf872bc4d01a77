type Piece = "*" | ((char: string) => boolean);
/** A pattern for one name: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a character that means itself. */
export type Glob = readonly Piece[];

export function globOf(pattern: string): Glob {
  const pieces: Piece[] = [];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] as string;
    const close = char === "[" ? chars.indexOf("]", at + 2) : -1;
    if (char === "*") pieces.push("*");
    else if (char === "?") pieces.push(() => true);
    else if (close > 0) {
      pieces.push(setOf(chars.slice(at + 1, close)));
      at = close;
    } else {
      const meant = char === "\\" && at + 1 < chars.length ? (chars[++at] as string) : char;
      pieces.push((one) => one === meant);
    }
  }
  return pieces;
}

function setOf(chars: readonly string[]): (char: string) => boolean {
  const negated = chars[0] === "!" || chars[0] === "^";
  const listed = negated ? chars.slice(1) : chars;
  const ranges: [string, string][] = [];
  for (let at = 0; at < listed.length; at++) {
    const [low, dash, high] = listed.slice(at, at + 3) as [string, string?, string?];
    const range = dash === "-" && high !== undefined;
    ranges.push([low, range ? high : low]);
    if (range) at += 2;
  }
  return (char) => ranges.some(([low, high]) => low <= char && char <= high) !== negated;
}

/** In time that grows with the lengths alone, whatever the pattern: it may come from a stranger. */
export function matches(glob: Glob, name: string): boolean {
  const chars = [...name];
  let [at, char] = [0, 0];
  let [star, from] = [-1, 0];
  while (char < chars.length) {
    const piece = glob[at];
    if (piece === "*") {
      [star, from] = [at++, char];
    } else if (piece?.(chars[char] as string)) {
      at++;
      char++;
    } else if (star >= 0) {
      at = star + 1;
      char = ++from;
    } else return false;
  }
  while (glob[at] === "*") at++;
  return at === glob.length;
}
