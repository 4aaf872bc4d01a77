import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { Origin } from "@takosumi/transport/application";
import type { Provider } from "oidc-provider";
import type { Resources } from "../../resources.ts";
import { type Asked, type Interruption, tell } from "./asked.ts";
import { makeProvider } from "./provider.ts";
import { signingKeys } from "./signing-keys.ts";

/** How an authorization request goes on. */
export type Outcome =
  | { readonly kind: "redirect"; readonly url: URL }
  | ({ readonly kind: "ask" } & Interruption)
  | ({ readonly kind: "refused" } & Required<Asked>["refused"]);

export interface OauthServer {
  /** Hands a request to the library, which answers it. */
  answer(request: IncomingMessage, response: ServerResponse, from: Origin): Promise<void>;
  /** What would become of an authorization request of this query. Where nothing is to be asked, a code is made. */
  ask(query: string, about: Pick<Asked, "from" | "who" | "agreed">): Promise<Outcome>;
  close(): Promise<void>;
}
type Callback = ReturnType<Provider["callback"]>;

/** Milliseconds until the keys are looked up anew: one that is due is replaced, one long retired is shown no more. */
const freshFor = 3_600_000;

/** The OAuth server, made when it is first asked, and anew when its keys change. */
export async function openOauthServer(resources: Pick<Resources, "db" | "keyring" | "log" | "settings">): Promise<OauthServer> {
  const { settings } = resources;
  let made: { readonly at: number; readonly kids: Set<string>; readonly callback: Promise<Callback> } | null = null;
  const forget = () => {
    made = null;
  };
  const current = (): Promise<Callback> => {
    if (made && performance.now() - made.at < freshFor) return made.callback;
    const kids = new Set<string>();
    const callback = signingKeys(resources).then((keys) => {
      for (const { kid } of keys) kids.add(kid ?? "");
      return makeProvider(resources, keys).callback();
    });
    made = { at: performance.now(), kids, callback };
    callback.catch(forget);
    return callback;
  };
  /** A key that this process made itself is told as well, before it is in use. */
  const hear = (kid: string) => {
    const held = made;
    held?.callback.then(() => {
      if (made === held && !held.kids.has(kid)) forget();
    }, forget);
  };
  const listening = await resources.db.listen("takosumi_oauth_keys", hear, forget);

  return {
    async answer(request, response, from) {
      const callback = await current();
      tell(request, { from, who: null, agreed: false });
      // Who may read the answer was settled at the door.
      delete request.headers.origin;
      await callback(request, response);
    },
    async ask(query, about) {
      const callback = await current();
      const request = new IncomingMessage(new Socket());
      const headers = { host: new URL(settings.public_url).host, accept: "application/json" };
      Object.assign(request, { method: "GET", url: `/oauth/authorize?${query}`, headers });
      const response = new ServerResponse(request);
      const asked = tell(request, { ...about });
      await callback(request, response);
      if (asked.failed !== undefined) throw asked.failed;
      if (asked.refused) return { kind: "refused", ...asked.refused };
      if (asked.interrupted) return { kind: "ask", ...asked.interrupted };
      return { kind: "redirect", url: new URL(String(response.getHeader("location"))) };
    },
    close: () => listening.close(),
  };
}
