/** What a role may do: all that the one before it may, and more. A visitor is anybody who looks at something public. */
const visitor = ["repo:read"] as const;
const viewer = [...visitor, "workspace:read", "capsule:read", "connection:read", "run:read", "audit:read", "shortcut:write"] as const;
const editor = [...viewer, "capsule:write", "source:write", "run:plan", "run:cancel", "sidebar:write"] as const;
const admin = [
  ...editor,
  "run:approve",
  "run:destroy",
  "run:recover",
  "state:read",
  "state:write",
  "secret:write",
  "connection:write",
  "member:write",
  "workspace:write",
  "env:write",
  "runner:write",
  "webhook:write",
] as const;
const owner = [...admin, "workspace:delete", "workspace:transfer"] as const;

export const roles = { visitor, viewer, editor, admin, owner } as const;
export type Role = keyof typeof roles;
export type Permission = (typeof owner)[number];
/** What acts on the caller's own account; never part of a role. */
export const accountPermissions = [
  "account:read",
  "account:write",
  /** Seeing, making and revoking tokens and clients. No OAuth scope includes it, so that an OAuth token never makes another credential. */
  "account:credentials",
] as const;
export type AccountPermission = (typeof accountPermissions)[number];
/** Everything that a token's scopes may name, beside `*`. */
export const scopes: readonly (Permission | AccountPermission)[] = [...owner, ...accountPermissions];
export type Scope = Permission | AccountPermission;

const spacesRead = ["workspace:read", "capsule:read", "connection:read", "run:read"] as const;
/**
 * What an OAuth app may ask for beside permissions by their own name: bundles of them, and what opens no operation but says who somebody
 * is. Nothing that approves, destroys, reads or writes state, secrets, connections or the account is inside a bundle.
 */
export const scopeBundles = {
  openid: [],
  profile: [],
  email: [],
  "spaces:read": spacesRead,
  "spaces:write": [...spacesRead, "capsule:write", "source:write", "run:plan", "run:cancel"],
  "files:read": [],
  "files:write": [],
  "memories:read": [],
  "memories:write": [],
  "threads:read": [],
  "threads:write": [],
  "agents:execute": [],
  "repos:read": ["repo:read"],
  "repos:write": ["repo:read"],
} as const satisfies Record<string, readonly Permission[]>;
export const identityScopes = ["openid", "profile", "email"] as const;
export type OauthScope = keyof typeof scopeBundles | Permission | "account:read" | "account:write";
/** Everything that an OAuth app may ask for. */
export const oauthScopes: readonly OauthScope[] = [
  ...(Object.keys(scopeBundles) as (keyof typeof scopeBundles)[]),
  ...owner,
  "account:read",
  "account:write",
];
/** ["openid", "spaces:read", "run:approve"] -> the permissions that a token of these scopes has. */
export const permissionsOf = (asked: readonly string[]): string[] => [
  ...new Set(
    asked.flatMap((name): readonly string[] =>
      Object.hasOwn(scopeBundles, name)
        ? scopeBundles[name as keyof typeof scopeBundles]
        : oauthScopes.includes(name as OauthScope)
          ? [name]
          : [],
    ),
  ),
];

const granted = Object.fromEntries(Object.entries(roles).map(([role, list]) => [role, new Set<string>(list)])) as Record<Role, Set<string>>;
export const allows = (role: Role, permission: string): boolean => granted[role].has(permission);
/** Whether a token's scopes let a permission of its holder through. */
export const inScope = (held: "*" | readonly string[], permission: string): boolean => held === "*" || held.includes(permission);
/** `a` may at least what `b` may. */
export const atLeast = (a: Role, b: Role): boolean => [...granted[b]].every((permission) => granted[a].has(permission));

/** What a request can name by an id. Each has one locator in apps/api. */
export const entities = [
  "workspace",
  "project",
  "capsule",
  /** A Capsule, or what is left of a deleted one. */
  "kept_capsule",
  "source",
  "connection",
  "secret",
  "run",
  "artifact",
  "state_version",
  "runner",
  "runner_pool",
  "runner_token",
  "webhook",
  "webhook_delivery",
  "token",
  "session",
  "oauth_client",
  /** A space that was deleted and may still be restored by its owner. */
  "deleted_workspace",
  "member",
  "invitation",
  "space_token",
  "shortcut",
  "shortcut_group",
  "user",
  "repo",
  "pull",
] as const;
export type Entity = (typeof entities)[number];

/** The input that holds the id of each entity, the outermost first: `{ repo: "repoId", pull: "prNumber" }`. */
export type Places<Input extends string = string> = { readonly [E in Entity]?: Input };
export const schemes = ["runner", "git-basic", "oauth-client", "http-signature", "stripe-signature"] as const;
export type Scheme = (typeof schemes)[number];

export interface Access<By extends string = string, Rule extends string = string, At extends readonly Places[] = readonly Places[]> {
  /** `anyone`, `caller` (signed in), `session` (in a browser), `permission` (of a role in the Workspace), `credential` (of the protocol's own). */
  readonly by: By;
  readonly rule: Rule;
  readonly at: At;
}

export const anyone: Access<"anyone", "", readonly []> = { by: "anyone", rule: "", at: [] };

type SignedIn = Access<"caller", "", readonly []> &
  (<const P extends AccountPermission>(permission: P) => Access<"caller", P, readonly []>);
/** Acts on the caller's own account: bare for anybody signed in, `signedIn("account:read")` where a token needs that scope. */
export const signedIn: SignedIn = Object.assign(
  <const P extends AccountPermission>(permission: P): Access<"caller", P, readonly []> => ({ by: "caller", rule: permission, at: [] }),
  { by: "caller", rule: "", at: [] } as const,
);
type InSession = Access<"session", "", readonly []> & (<const At extends Places>(at: At) => Access<"session", "", readonly [At]>);
/** Acts on the caller's own account, and only from a browser session: no token reaches it. `session({ session: "id" })` on a row of theirs. */
export const session: InSession = Object.assign(
  <const At extends Places>(at: At): Access<"session", "", readonly [At]> => ({ by: "session", rule: "", at: [at] }),
  { by: "session", rule: "", at: [] } as const,
);

/** Acts on a row that is the caller's own, not a Workspace's. */
export const own = <const At extends Places, const P extends AccountPermission | "" = "">(
  at: At,
  permission?: P,
): Access<"caller", P, readonly [At]> => ({
  by: "caller",
  rule: permission ?? ("" as P),
  at: [at],
});
/**
 * A role in the Workspace of the located rows has the permission. Of several places, the first that the request fills; where it fills
 * none, the one that is a Workspace (the caller's personal one).
 */
export const can = <const P extends Permission, const At extends readonly [Places, ...Places[]]>(
  permission: P,
  ...at: At
): Access<"permission", P, At> => ({ by: "permission", rule: permission, at });
/** `runner`: nobody gets in without a runner's token. The others: the handler checks what the protocol brings. */
export const credential = <const C extends Scheme>(scheme: C): Access<"credential", C, readonly []> => ({
  by: "credential",
  rule: scheme,
  at: [],
});

/** Whether nobody gets in without signing in. */
export const needsCaller = ({ by, rule }: Access): boolean =>
  by === "caller" || by === "session" || (by === "credential" && rule === "runner") || (by === "permission" && !allows("visitor", rule));
