const maxKeys = 100;
/** Where a query string that cannot be read says why: a router's parser must not throw. */
export const unreadable = Symbol("unreadable query");
export type Query = Record<string, string | string[]> & { [unreadable]?: string };

const nothing: Query = Object.freeze(Object.create(null));

/** `a=1&b=2&b=3` -> { a: "1", b: ["2", "3"] }, without a prototype; wrong percent-encoding is noted, not guessed at. */
export function parseQuery(text: string): Query {
  if (text === "") return nothing;
  const query: Query = Object.create(null);
  const pairs = text.split("&", maxKeys + 1);
  if (pairs.length > maxKeys) query[unreadable] = `The query has more than ${maxKeys} parameters`;
  for (const pair of pairs.slice(0, maxKeys)) {
    if (pair === "") continue;
    const cut = pair.indexOf("=");
    const name = decoded(cut < 0 ? pair : pair.slice(0, cut));
    const value = cut < 0 ? "" : decoded(pair.slice(cut + 1));
    if (name === undefined || value === undefined) {
      query[unreadable] = "The query is not validly percent-encoded";
      continue;
    }
    const earlier = query[name];
    query[name] = earlier === undefined ? value : Array.isArray(earlier) ? [...earlier, value] : [earlier, value];
  }
  return query;
}

function decoded(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
