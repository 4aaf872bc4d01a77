import { hclTokens, type Token } from "./hcl-tokens.ts";

/** A value that stands there as it is: a string, or an object of such. Anything that must be evaluated is null. */
export type Literal = string | null | { [name: string]: Literal };
export type Block = { type: string; labels: string[]; attributes: Record<string, Literal>; blocks: Block[] };

const DEEPEST = 50;

/** The blocks of an HCL file. Never throws: text that is no HCL gives what could be read of it. */
export function hclBlocks(text: string): Block[] {
  const reader = { tokens: hclTokens(text), at: 0 };
  return body(reader, 0).blocks;
}

type Reader = { tokens: Token[]; at: number };

function body(reader: Reader, depth: number): Pick<Block, "attributes" | "blocks"> {
  const found: Pick<Block, "attributes" | "blocks"> = { attributes: Object.create(null), blocks: [] };
  while (reader.at < reader.tokens.length && depth < DEEPEST) {
    const token = reader.tokens[reader.at++];
    if (token?.kind === "sign" && token.text === "}") break;
    if (token?.kind !== "name") continue;
    if (isSign(reader, "=")) {
      reader.at++;
      found.attributes[token.text] = expression(reader, depth);
      continue;
    }
    const labels: string[] = [];
    for (let next = reader.tokens[reader.at]; next?.kind === "string" || next?.kind === "name"; next = reader.tokens[reader.at]) {
      labels.push(next.text);
      reader.at++;
    }
    if (!isSign(reader, "{")) continue;
    reader.at++;
    found.blocks.push({ type: token.text, labels, ...body(reader, depth + 1) });
  }
  return found;
}

/** Reads to the end of the line, or of the brackets that are open there. */
function expression(reader: Reader, depth: number): Literal {
  if (isSign(reader, "{") && depth < DEEPEST) return object(reader, depth + 1);
  const from = reader.at;
  let open = 0;
  for (; reader.at < reader.tokens.length; reader.at++) {
    const { kind, text } = reader.tokens[reader.at] as Token;
    if (open === 0 && (kind === "newline" || (kind === "sign" && (text === "," || text === "}")))) break;
    if (kind !== "sign") continue;
    if ("([{".includes(text)) open++;
    else if (")]}".includes(text)) open--;
  }
  const only = reader.tokens[from];
  return reader.at === from + 1 && only?.kind === "string" ? only.text : null;
}

function object(reader: Reader, depth: number): Literal {
  reader.at++;
  const found: { [name: string]: Literal } = Object.create(null);
  while (reader.at < reader.tokens.length) {
    const token = reader.tokens[reader.at++] as Token;
    if (token.kind === "sign" && token.text === "}") break;
    if ((token.kind === "name" || token.kind === "string") && (isSign(reader, "=") || isSign(reader, ":"))) {
      reader.at++;
      found[token.text] = expression(reader, depth);
    }
  }
  return found;
}

function isSign(reader: Reader, text: string): boolean {
  const token = reader.tokens[reader.at];
  return token?.kind === "sign" && token.text === text;
}
