import { z } from "zod";
import { scopes as everyScope, own, type Scope, signedIn } from "../access.ts";
import { del, family, get, post } from "../define.ts";
import { instant, nextCursor, opaqueId, paging, timestamp } from "../fields.ts";
import { accessTokenExample } from "./examples/account.ts";

/** Everything that is ever said about a token after it was made. `scopes` is `*`, or a list as JSON text. */
export const AccessToken = z
  .object({
    id: opaqueId,
    name: z.string(),
    /** The first 12 characters, to tell tokens apart. */
    token_prefix: z.string(),
    scopes: z.string(),
    expires_at: timestamp.nullable(),
    last_used_at: timestamp.nullable(),
    created_at: timestamp,
  })
  .meta({ id: "AccessToken", examples: [accessTokenExample] });

const known = z.enum(everyScope as [Scope, ...Scope[]], { error: "is not a scope" });
const listed = z.array(known).min(1).max(100);
/** `*`, a list, a list as JSON text, or names with spaces between; parsed to `*` or a list without repeats, in order. */
export const tokenScopes = z
  .union([listed, z.string().max(4_000)])
  .transform((given, { addIssue }): "*" | Scope[] => {
    const names = typeof given === "string" ? namesIn(given.trim()) : given;
    if (names === "*") return names;
    const parsed = listed.safeParse(names);
    if (parsed.success) return [...new Set(parsed.data)].toSorted();
    addIssue({
      code: "custom",
      message: "is not `*` or a list of scopes that are known: a list, its JSON text, or names with spaces between",
    });
    return [];
  })
  .meta({ examples: ["*"], override: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] } });

function namesIn(text: string): unknown {
  if (text === "*") return text;
  if (!text.startsWith("[")) return text.split(/\s+/).filter(Boolean);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
export const tokenName = z.string().trim().min(1).max(100);

export const accessTokens = family(
  "accessTokens",
  { context: "identity", about: "Personal access tokens: what programs show instead of signing in." },
  {
    list: get("/api/me/personal-access-tokens", {
      summary: "One's own tokens, the newest first",
      access: signedIn("account:credentials"),
      query: z.object(paging),
      output: z.object({ tokens: z.array(AccessToken), ...nextCursor }),
    }),
    create: post("/api/me/personal-access-tokens", {
      summary: "Make a token; it is shown this once",
      about: "Its scopes are never wider than those of the token that asks.",
      access: signedIn("account:credentials"),
      audit: "token.created",
      body: z.strictObject({
        name: tokenName,
        scopes: tokenScopes.prefault("*"),
        expiresAt: instant.or(z.iso.date()).optional(),
      }),
      examples: [{ summary: "For a pipeline that only plans", value: { name: "ci", scopes: ["run:plan", "run:read"] } }],
      output: AccessToken.omit({ last_used_at: true })
        .extend({ token: z.string() })
        .meta({ examples: [{ ...accessTokenExample, last_used_at: undefined, token: "tak_pat_shown-this-once" }] }),
      status: 201,
      errors: ["FORBIDDEN"],
    }),
    remove: del("/api/me/personal-access-tokens/:id", {
      summary: "Revoke a token: whoever shows it is refused from this moment",
      access: own({ token: "id" }, "account:credentials"),
      audit: "token.revoked",
      output: z.object({ success: z.literal(true) }),
    }),
  },
);
