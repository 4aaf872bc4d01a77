import type { ErrorCode, Reason } from "@takosumi/contracts/errors";
import { type Named, prefixes } from "@takosumi/contracts/ids";
import { oauthErrorOf } from "@takosumi/contracts/oauth-errors";
import type { Answer, Call } from "@takosumi/testkit/call";
import type { IdPlace, Listed } from "./operations.ts";
import { around, bodies, type Holdings } from "./samples.ts";

export const heldBy = (held: Holdings, entity: string): string =>
  held[entity as keyof Holdings] ?? `${prefixes[entity as Named] ?? "x_"}00000000000000000000000000`;
export const unknown = (entity: string): string => `${prefixes[entity as Named] ?? "x_"}01jd4r6m3xk8q2v7n5t9c0hbwe`;

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;
}
/** A request of an operation with ids of these holdings, and `id` at one place instead. */
export function request({ id: name, operation }: Listed, held: Holdings, place?: IdPlace, id = ""): Sent {
  const { method, spec } = operation;
  const at = new Map(spec.access.at.flatMap((one) => Object.entries(one).map(([entity, input]) => [input as string, entity])));
  const path = operation.path.replace(/:([A-Za-z_]+)/g, (_, parameter: string) =>
    place?.where === "path" && place.path[0] === parameter ? id : heldBy(held, at.get(parameter) ?? "x"),
  );
  const query = place?.where === "query" ? `?${place.path[0]}=${id}` : "";
  let body = bodies[name]?.(held);
  if (place?.where === "body") body = { ...body, ...around[`${name} ${place.path.join(".")}`], ...withId(place.path, id) };
  const headers: Record<string, string> = place?.where === "header" ? { [place.path[0] ?? ""]: id } : {};
  return { method, path: path + query, body, headers };
}
/**
 * ["variables", "*", "secret_id"] -> { variables: [{ …, secret_id: id }] }, ["secrets", "{}"] -> { secrets: { A: id } },
 * ["source", "source_id"] -> { source: { …, source_id: id } }
 */
function withId(path: readonly string[], id: string): Record<string, unknown> {
  const [first = "", ...rest] = path;
  if (rest.length === 0) return { [first]: id };
  if (rest.length === 1 && rest[0] === "*") return { [first]: [id] };
  if (rest[0] === "{}") return { [first]: { A: id } };
  const many = rest[0] === "*";
  const held = { ...around[path.join(".")], ...withId(many ? rest.slice(1) : rest, id) };
  return { [first]: many ? [held] : held };
}
export const send = (call: Call, { method, path, body, headers }: Sent): Promise<Answer> =>
  call(method, path, body ? { body, headers } : { headers });
export const seen = ({ status, body }: Answer) => ({ status, body });
/** A refusal, in the words that the operation has for it. */
export const refusal = ({ operation: { spec } }: Listed, code: ErrorCode, reason: Reason) =>
  spec.speaks === "oauth"
    ? { error: oauthErrorOf({ code, message: "", details: { reason } }).error }
    : { error: { code, details: { reason } } };
