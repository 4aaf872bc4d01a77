import type { Diagnostic } from "@takosumi/contracts/deploy/plan";

const MOST = 50;

/** Diagnostics out of the human text of a command that has no other: "Error: …", a line with the place, then the detail. */
export function diagnosticsOf(text: string): Diagnostic[] {
  const plain = text.replace(/[│╷╵]/g, "").replace(/^ /gm, "");
  const parts = plain.split(/^(?=(?:Error|Warning): )/m).filter((part) => /^(Error|Warning): /.test(part));
  return parts.slice(0, MOST).map(one);
}

function one(part: string): Diagnostic {
  const [head = "", ...rest] = part.split("\n");
  const [, kind = "Error", summary = ""] = /^(Error|Warning): (.*)$/.exec(head) ?? [];
  const body = rest.join("\n");
  const place = /^\s*on (\S+) line (\d+)/m.exec(body);
  const address = /^\s*with ([^\n]+),$/m.exec(body)?.[1] ?? null;
  const code = /^\s*\d+: (.*)$/m.exec(body)?.[1] ?? null;
  const detail = body
    .split("\n")
    .filter((line) => !/^\s*(on \S+ line \d+|with [^\n]+,$|\d+: )/.test(line))
    .join("\n")
    .trim();
  return {
    severity: kind === "Warning" ? "warning" : "error",
    summary,
    detail,
    address,
    file: place?.[1] ?? null,
    line: place ? Number(place[2]) : null,
    snippet: code,
  };
}
