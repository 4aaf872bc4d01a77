import type { IncomingMessage } from "node:http";
import type { Origin } from "@takosumi/transport/application";

/** Who is signed in in the browser that asks. */
export interface SignedIn {
  readonly user_id: string;
  /** When they signed in, in seconds. */
  readonly since: number;
}
/** Where the library stopped to ask the person something. */
export interface Interruption {
  readonly prompt: "login" | "consent";
  readonly client_id: string;
  readonly params: Readonly<Record<string, unknown>>;
}
/** What the library is told of a request beside the request, and what it tells back. */
export interface Asked {
  readonly from: Origin;
  readonly who: SignedIn | null;
  /** The person has just agreed: an app on their own machine is not asked about twice. */
  readonly agreed: boolean;
  interrupted?: Interruption;
  /** What went wrong on our side. */
  failed?: Error;
  /** An error that is not sent to the client: its address is not to be trusted. */
  refused?: { readonly status: number; readonly body: { readonly error: string; readonly error_description?: string | undefined } };
}

const known = new WeakMap<IncomingMessage, Asked>();
export const tell = (request: IncomingMessage, asked: Asked): Asked => {
  known.set(request, asked);
  return asked;
};
/** The library hands its own context about; what was told of it is found by the request inside. */
export function askedOf({ req }: { readonly req: IncomingMessage }): Asked {
  const found = known.get(req);
  if (!found) throw new Error("A request reached the OAuth library that nobody told it of");
  return found;
}
