import type { Operation } from "@takosumi/contracts/define";

type Input = Readonly<Record<string, unknown>>;

/** Puts an input where its operation wants it: placeholders into the path, then query or body. */
export function addressOf(operation: Operation, input: Input): { path: string; rest: Input } {
  const rest: Record<string, unknown> = { ...input };
  const path = operation.path.replace(/:([A-Za-z_]+)/g, (_, name: string) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(String(value));
  });
  return { path, rest };
}

export function withQuery(path: string, query: Input): string {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}
