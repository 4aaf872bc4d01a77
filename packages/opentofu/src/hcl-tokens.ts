/** `text` is the name, the string's contents, or the sign; strings with a template are `template`, which is no literal. */
export type Token = { kind: "name" | "string" | "template" | "sign" | "newline"; text: string };

const MOST_TOKENS = 1_000_000;

/** HCL's words, as far as blocks and literal attributes need them: comments are gone, heredocs are templates. */
export function hclTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length && tokens.length < MOST_TOKENS) {
    const rest = sticky(/[ \t\r\uFEFF]+|(?:#|\/\/)[^\n]*|\/\*[^]*?(?:\*\/|$)/y, text, at);
    if (rest !== null) {
      at += rest.length;
      continue;
    }
    const heredoc = heredocLength(text, at);
    const name = sticky(/[\p{ID_Start}_][\p{ID_Continue}-]*/uy, text, at);
    if (text[at] === "\n") {
      tokens.push({ kind: "newline", text: "\n" });
      at++;
    } else if (text[at] === '"') {
      const end = stringEnd(text, at);
      tokens.push(stringToken(text.slice(at + 1, end - 1)));
      at = end;
    } else if (heredoc > 0) {
      tokens.push({ kind: "template", text: "" });
      at += heredoc;
    } else if (name !== null) {
      tokens.push({ kind: "name", text: name });
      at += name.length;
    } else {
      const sign = sticky(/[=!<>]=|=>|&&|\|\||\d[\d.eE]*|[^]/y, text, at) ?? "";
      tokens.push({ kind: "sign", text: sign });
      at += sign.length;
    }
  }
  return tokens;
}

function sticky(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** Behind the closing quote; `${ … }` inside may hold quotes of its own. */
function stringEnd(text: string, from: number): number {
  let at = from + 1;
  let depth = 0;
  while (at < text.length) {
    const two = text.slice(at, at + 2);
    if (two === "\\\\" || two === '\\"' || two === "$$" || two === "%%") at += 2;
    else if (two === "${" || two === "%{") {
      depth++;
      at += 2;
    } else if (depth > 0 && text[at] === "{") {
      depth++;
      at++;
    } else if (depth > 0 && text[at] === "}") {
      depth--;
      at++;
    } else if (depth > 0 && text[at] === '"') at = stringEnd(text, at);
    else if (text[at] === '"' || text[at] === "\n") return at + 1;
    else at++;
  }
  return at;
}

function stringToken(raw: string): Token {
  if (/(?<!\$)\$\{|(?<!%)%\{/.test(raw)) return { kind: "template", text: "" };
  return { kind: "string", text: raw.replaceAll(/\\(["\\])/g, "$1") };
}

/** Length of `<<NAME … NAME`, 0 where none begins. */
function heredocLength(text: string, at: number): number {
  const begin = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)[ \t\r]*\n/uy;
  begin.lastIndex = at;
  const found = begin.exec(text);
  if (!found) return 0;
  const end = new RegExp(`^[ \\t]*${found[1]}[ \\t\\r]*$`, "gmu");
  end.lastIndex = begin.lastIndex;
  const closed = end.exec(text);
  return (closed ? closed.index + closed[0].length : text.length) - at;
}
