import { expect, test } from "vitest";
import {
  allows,
  anyone,
  atLeast,
  can,
  credential,
  inScope,
  needsCaller,
  own,
  type Role,
  roles,
  scopes,
  session,
  signedIn,
} from "./access.ts";

const order: readonly Role[] = ["visitor", "viewer", "editor", "admin", "owner"];

test("each role may what the one before it may, and more", () => {
  expect(Object.keys(roles)).toEqual(order);
  for (const [i, role] of order.entries()) {
    for (const [j, other] of order.entries()) expect(atLeast(role, other)).toBe(i >= j);
    if (i > 0) expect(roles[role].length).toBeGreaterThan(roles[order[i - 1] as Role].length);
  }
});
test("the permissions, each at the lowest role that has it", () => {
  const lowest = (permission: string) => order.find((role) => allows(role, permission));
  const table = Object.groupBy(roles.owner, (permission) => lowest(permission) ?? "none");
  expect(table).toEqual({
    visitor: ["repo:read"],
    viewer: ["workspace:read", "capsule:read", "connection:read", "run:read", "audit:read", "shortcut:write"],
    editor: ["capsule:write", "source:write", "run:plan", "run:cancel", "sidebar:write"],
    admin: [
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
    ],
    owner: ["workspace:delete", "workspace:transfer"],
  });
});
test("scopes name permissions and the account's, each once; `*` is all of them", () => {
  expect(new Set(scopes).size).toBe(scopes.length);
  expect([inScope("*", "run:approve"), inScope(["run:plan"], "run:approve"), inScope([], "run:plan")]).toEqual([true, false, false]);
  for (const role of order)
    for (const account of ["account:read", "account:write", "account:credentials"]) expect(allows(role, account)).toBe(false);
});
test("who has to sign in", () => {
  const closed = [signedIn, signedIn("account:read"), session, own({ token: "id" }), credential("runner"), can("run:read", { run: "id" })];
  expect(closed.map(needsCaller)).toEqual(closed.map(() => true));
  const open = [anyone, credential("git-basic"), can("repo:read", { repo: "id" })];
  expect(open.map(needsCaller)).toEqual(open.map(() => false));
});
