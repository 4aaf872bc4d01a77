import { minPattern } from "./patterns.ts";

/** Names of what is secret in a file: of JSON and YAML keys, INI and shell variables. */
const secretName = /secret|token|passw|pass$|pwd|private|credential|auth|key|cert|cookie|session|signature|connection_?string|dsn/i;
/** Stands beside keys under names that sound secret, and hides nothing. */
const publicUrl = /^https?:\/\/[^\s@]*$/;
const most = 2_000;
const deepest = 6;
/** UTF-16 units that are looked through for one value, parts of parts included. */
const budget = 2 * 1024 * 1024;

/**
 * What is secret inside a secret, and may stand somewhere alone: a private key in JSON, a token in a kubeconfig, the password in a URL or
 * behind base64. Without the value itself. Lines of PEM need not be listed: a redactor hides each line of a value anyway.
 */
export function secretParts(value: string): string[] {
  const search = { found: new Set<string>(), left: budget };
  collect(value, search, 0);
  search.found.delete(value);
  return [...search.found].slice(0, most);
}

function collect(text: string, search: { readonly found: Set<string>; left: number }, depth: number): void {
  search.left -= text.length;
  if (depth > deepest || search.found.size > most || search.left < 0) return;
  const take = (part: string) => {
    if (part.trim().length < minPattern || search.found.has(part) || publicUrl.test(part)) return;
    search.found.add(part);
    collect(part, search, depth + 1);
  };
  const parsed = jsonOf(text);
  if (parsed !== undefined) leaves(parsed, false, take);
  else for (const written of pairsOf(text)) take(written);
  for (const password of passwordsOf(text)) take(password);
  const decoded = decodedOf(text);
  if (decoded !== null) take(decoded);
  const [, ...rest] = /^[^\s:]{1,256}:(\S+)$/.exec(text) ? text.split(":") : [];
  // "user:password" is what base64 of an `auth` holds.
  if (depth > 0 && rest.length > 0) take(rest.join(":"));
}

function jsonOf(text: string): object | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** Strings below a key that sounds secret. */
function leaves(value: unknown, secret: boolean, take: (part: string) => void): void {
  if (typeof value === "string") {
    if (secret) take(value);
  } else if (typeof value === "object" && value !== null)
    for (const [key, inner] of Object.entries(value)) leaves(inner, secret || (!Array.isArray(value) && secretName.test(key)), take);
}

/** Values of secret names: `name: value`, `name = value`, `export NAME=value`, one a line; also inside `{a: b, c: d}`. */
function pairsOf(text: string): string[] {
  const pair = /(^|[\n{,])[ \t]*(?:-[ \t]+)?(?:export[ \t]+)?["']?([\w.-]{1,128})["']?[ \t]*[:=][ \t]*(?=([^\n]{1,16384}))/g;
  const pairs: string[] = [];
  for (const [, before = "", name = "", line = ""] of text.matchAll(pair)) {
    if (pairs.length >= most) break;
    if (secretName.test(name)) pairs.push(valueOf(line, before === "{" || before === ","));
  }
  return pairs;
}

/** A value without its quotes, or without the comment or the rest of the braces behind it. */
function valueOf(line: string, inBraces: boolean): string {
  const [quoted] = /^"(?:[^"\\]|\\.)*"/.exec(line) ?? [];
  if (quoted) return jsonString(quoted) ?? quoted.slice(1, -1);
  const [, single] = /^'([^']*)'/.exec(line) ?? [];
  if (single !== undefined) return single;
  return (inBraces ? line.replace(/[,}](?:[\s,}].*)?$/, "") : line).replace(/[ \t]+#.*$/, "").trim();
}

function jsonString(text: string): string | null {
  try {
    return String(JSON.parse(text));
  } catch {
    return null;
  }
}

/** `scheme://user:password@host`, also as the password is without percent signs. */
function passwordsOf(text: string): string[] {
  return [...text.matchAll(/[a-z][a-z0-9+.-]{1,31}:\/\/[^\s:/@]{0,256}:([^\s/@]{1,1024})@/gi)]
    .slice(0, most)
    .flatMap(([, password = ""]) => {
      try {
        return [password, decodeURIComponent(password)];
      } catch {
        return [password];
      }
    });
}

/** Text behind base64, as keys in a kubeconfig are written. */
function decodedOf(text: string): string | null {
  const plain = text.replace(/\s+/g, "");
  if (plain.length < 8 || plain.length > 131_072 || !/^[A-Za-z0-9+/]+={0,2}$/.test(plain) || plain.length % 4 !== 0) return null;
  const bytes = Buffer.from(plain, "base64");
  const decoded = bytes.toString("utf8");
  return /^[\t\n\r -~]+$/.test(decoded) ? decoded : null;
}
