import type { IncomingMessage, ServerResponse } from "node:http";
import { type ClientMetadata, RegisteredMetadata } from "@takosumi/contracts/identity/client-metadata";
import type { OauthClientRow } from "@takosumi/db/rows";
import { hashToken } from "@takosumi/keyring/tokens";
import type { Origin } from "@takosumi/transport/application";
import type { Resources } from "../../resources.ts";
import type { Tx } from "../../world.ts";
import { findManaged } from "../oauth-clients/repository.ts";
import { register, registrationOf, replace, revoke, type Shown } from "../oauth-clients/service.ts";
import { readJson, sendError, sendJson } from "./json.ts";
import { homeOf } from "./repository.ts";

interface About {
  readonly actor?: { readonly id: string; readonly kind: "service"; readonly name: string };
  readonly workspace_id: string | null;
  readonly target: { readonly type: string; readonly id: string };
  readonly metadata: Readonly<Record<string, unknown>>;
}
interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly from: Origin;
  readonly write: (work: (tx: Tx) => Promise<OauthClientRow>, about: (row: OauthClientRow) => About | null) => Promise<OauthClientRow>;
}

const actorFor = ({ id, name }: OauthClientRow) => ({ id, kind: "service", name }) as const;

/** RFC 7591 and 7592. */
export const registrationHandlers = ({ db, engine, settings }: Pick<Resources, "db" | "engine" | "settings">) => {
  const answer = (response: ServerResponse, status: number, row: OauthClientRow, shown: Shown) =>
    sendJson(response, status, registrationOf(row, shown, settings.public_url));
  /** The client of a registration access token, with the token; answers 401 where there is none. */
  const managed = async (id: string, { request, response }: Pick<Call, "request" | "response">) => {
    const token = /^Bearer (tak_reg_[A-Za-z0-9_-]{43})$/i.exec(request.headers.authorization ?? "")?.[1];
    const row = token === undefined ? null : await findManaged(db, id, hashToken(token));
    if (row && token !== undefined) return { row, token };
    sendError(response, 401, "invalid_token", "this is not the registration access token of an active client");
    return null;
  };
  const about = async (ownerId: string, actor?: OauthClientRow) => {
    const workspace_id = await homeOf(db, ownerId);
    return ({ id, name, scopes, grant_types }: OauthClientRow): About => ({
      ...(actor && { actor: actorFor(actor) }),
      workspace_id,
      target: { type: "oauth_client", id },
      metadata: { name, scopes, grant_types },
    });
  };
  return {
    register: async (call: Call & { readonly principal: { readonly id: string } }) => {
      const given = await metadataOf(call);
      if (!given) return;
      let shown: Shown | undefined;
      const row = await call.write(
        async (tx) => {
          const made = await register(tx, call.principal.id, given);
          shown = made.shown;
          return made.row;
        },
        await about(call.principal.id),
      );
      answer(call.response, 201, row, shown as Shown);
    },
    readClient: async (call: Pick<Call, "request" | "response"> & { readonly input: { readonly clientId: string } }) => {
      const found = await managed(call.input.clientId, call);
      if (found) answer(call.response, 200, found.row, { secret: null, management: found.token });
    },
    replaceClient: async (call: Call & { readonly input: { readonly clientId: string } }) => {
      const found = await managed(call.input.clientId, call);
      const given = found && (await metadataOf(call, found.row.id));
      if (!given) return;
      const told = await about(found.row.owner_id, found.row);
      let shown: Shown | undefined;
      const row = await call.write(
        async (tx) => {
          const by = { actor: actorFor(found.row), from: call.from };
          const done = await replace(tx, engine, found.row.id, hashToken(found.token), given, by);
          shown = done?.shown;
          return done?.row ?? found.row;
        },
        (row) => (shown ? told(row) : null),
      );
      if (shown) answer(call.response, 200, row, shown);
      else sendError(call.response, 401, "invalid_token", "the registration was changed or ended meanwhile");
    },
    removeClient: async (call: Call & { readonly input: { readonly clientId: string } }) => {
      const found = await managed(call.input.clientId, call);
      if (!found) return;
      const by = { actor: actorFor(found.row), from: call.from };
      await call.write((tx) => revoke(tx, engine, found.row.id, by), await about(found.row.owner_id, found.row));
      call.response.writeHead(204, { "cache-control": "no-store" });
      call.response.end();
    },
  };
};

/** The metadata of a request; null where it was refused and answered. An update names the client that it is of. */
async function metadataOf({ request, response }: Pick<Call, "request" | "response">, id?: string): Promise<ClientMetadata | null> {
  const given = await readJson(request);
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    sendError(response, 400, "invalid_client_metadata", "the body is a JSON object of at most 64 KiB, sent as application/json");
    return null;
  }
  if (id !== undefined && (given as { client_id?: unknown }).client_id !== id) {
    sendError(response, 400, "invalid_client_metadata", "client_id: names the client of the URL");
    return null;
  }
  const parsed = RegisteredMetadata.safeParse(given);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const field = first?.path.join(".") ?? "";
  const error = first?.path[0] === "redirect_uris" ? "invalid_redirect_uri" : "invalid_client_metadata";
  sendError(response, 400, error, [field, first?.message].filter(Boolean).join(": "));
  return null;
}
