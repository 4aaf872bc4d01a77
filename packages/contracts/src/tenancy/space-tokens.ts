import { z } from "zod";
import { can } from "../access.ts";
import { del, family, get, post } from "../define.ts";
import { instant, nextCursor, paging } from "../fields.ts";
import { AccessToken, tokenName, tokenScopes } from "../identity/access-tokens.ts";
import { spaceTokenExample } from "./examples/space.ts";
import { givenRoles } from "./space.ts";

/** A token that belongs to a space: whoever made it may leave, it stays. */
export const SpaceToken = AccessToken.extend({
  /** The program that shows it, as a member of the space. */
  username: z.string(),
  role: z.enum(givenRoles),
}).meta({ id: "SpaceToken", examples: [spaceTokenExample] });

export const spaceTokens = family(
  "spaceTokens",
  { context: "tenancy", about: "Tokens of a space, for programs: they see this space alone." },
  {
    list: get("/api/spaces/:spaceId/tokens", {
      summary: "Tokens of a space, the newest first",
      access: can("member:write", { workspace: "spaceId" }),
      query: z.object(paging),
      output: z.object({ tokens: z.array(SpaceToken), ...nextCursor }),
    }),
    create: post("/api/spaces/:spaceId/tokens", {
      summary: "Make a token of a space; it is shown this once",
      about: "Its role is at most one's own, and its scopes are never wider than those of the token that asks.",
      access: can("member:write", { workspace: "spaceId" }),
      audit: "token.created",
      body: z.strictObject({
        name: tokenName,
        role: z.enum(givenRoles, { error: "is admin, editor or viewer: a token never owns a space" }),
        scopes: tokenScopes.prefault("*"),
        expires_at: instant.optional(),
      }),
      examples: [
        { summary: "For a pipeline that only plans", value: { name: "deploy bot", role: "editor", scopes: ["run:plan", "run:read"] } },
      ],
      output: z.object({ space_token: SpaceToken, token: z.string().meta({ examples: ["tak_pat_shown-this-once"] }) }),
      status: 201,
      errors: ["FORBIDDEN"],
    }),
    remove: del("/api/spaces/:spaceId/tokens/:id", {
      summary: "Revoke a token of a space",
      access: can("member:write", { workspace: "spaceId", space_token: "id" }),
      audit: "token.revoked",
      output: z.object({ success: z.literal(true) }),
    }),
  },
);
