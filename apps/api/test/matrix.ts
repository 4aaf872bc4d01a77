import { request as ask } from "node:http";
import type { ErrorCode, Reason } from "@takosumi/contracts/errors";
import { type Named, prefixes } from "@takosumi/contracts/ids";
import { oauthErrorOf } from "@takosumi/contracts/oauth-errors";
import type { Answer, Call, CallOptions } from "@takosumi/testkit/call";
import { type IdPlace, idPlaces, type Listed } from "./operations.ts";
import { around, bodies, type Holdings } from "./samples.ts";

export const heldBy = (held: Holdings, entity: string): string =>
  held[entity as keyof Holdings] ?? `${prefixes[entity as Named] ?? "x_"}00000000000000000000000000`;
export const unknown = (entity: string): string => `${prefixes[entity as Named] ?? "x_"}01jd4r6m3xk8q2v7n5t9c0hbwe`;

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: object | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as it is, instead of `body`. */
  readonly raw?: CallOptions["raw"];
}
type Params = Readonly<Record<string, string>>;
/** Where an operation that is located names what it is asked in. */
export const locatedAt = ({ operation }: Listed): IdPlace | undefined =>
  idPlaces(operation).find(({ entity }) => operation.spec.access.at.some((one) => entity in one));

/** A request of an operation with ids of these holdings, and `id` at one place instead. `params` are those of the path that are no ids. */
export function request({ id: name, operation }: Listed, held: Holdings, place?: IdPlace, id = "", params: Params = {}): Sent {
  const { method, spec } = operation;
  const at = new Map(spec.access.at.flatMap((one) => Object.entries(one).map(([entity, input]) => [input as string, entity])));
  const path = operation.path.replace(/:([A-Za-z_]+)/g, (_, parameter: string) =>
    place?.where === "path" && place.path[0] === parameter ? id : (params[parameter] ?? heldBy(held, at.get(parameter) ?? "x")),
  );
  const query = place?.where === "query" ? `?${place.path[0]}=${id}` : "";
  let body: Record<string, unknown> | undefined = bodies[name]?.(held);
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
export const send = (call: Call, { method, path, body, headers, raw }: Sent): Promise<Answer> =>
  call(method, path, raw !== undefined ? { raw, headers } : body ? { body, headers } : { headers });
/** An answer as text, in which the order of names counts too. */
export const seen = ({ status, body }: Answer): string => `${status} ${JSON.stringify(body)}`;
/** A refusal, in the words that the operation has for it. */
export const refusal = ({ operation: { spec } }: Listed, code: ErrorCode, reason: Reason) =>
  spec.speaks === "oauth"
    ? { error: oauthErrorOf({ code, message: "", details: { reason } }).error }
    : { error: { code, details: { reason } } };

/** The status that a stream or a socket is opened with; it is closed at once. */
export const opened = (url: string, path: string, token: string, kind: "events" | "socket"): Promise<number> =>
  new Promise((resolve, reject) => {
    const key = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    };
    const asked = ask(url + path, { headers: { authorization: `Bearer ${token}`, ...(kind === "socket" && key) } });
    const told = ({ statusCode = 0 }: { statusCode?: number }) => {
      resolve(statusCode);
      asked.destroy();
    };
    asked.on("response", told).on("upgrade", told).on("error", reject).end();
  });
