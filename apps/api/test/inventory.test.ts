import { existsSync, readFileSync } from "node:fs";
import { meaningOf } from "@takosumi/contracts/contexts";
import type { Family, Operation } from "@takosumi/contracts/define";
import { errorStatus } from "@takosumi/contracts/errors";
import { families } from "@takosumi/contracts/families";
import { braced, openApiOf } from "@takosumi/transport/openapi";
import { describe, expect, it } from "vitest";
import { locators } from "../src/locators.ts";
import { operations, publicOperations } from "./operations.ts";

/** Paths that DESIGN.md, identity.md or product.md name beyond the reference's list. */
const additions = new Set([
  "GET /healthz",
  "GET /readyz",
  "GET /version",
  "GET /api/projects",
  "PATCH /api/projects/:id",
  "DELETE /api/projects/:id",
  "GET /api/capsules",
  "DELETE /api/capsules/:id",
  "POST /api/capsules/:id/lock",
  "POST /api/capsules/:id/unlock",
  "PATCH /api/connections/:id",
  "GET /api/recipes",
  "GET /api/recipes/:id",
  "POST /api/sources",
  "GET /api/sources",
  "GET /api/sources/:id",
  "DELETE /api/sources/:id",
  "GET /api/secrets",
  "GET /api/secrets/:id",
  "PUT /api/secrets/:id",
  "DELETE /api/secrets/:id",
  "GET /api/runs",
  "GET /api/runs/sse",
  "GET /api/runs/:id/changes",
  "GET /api/artifacts/:id/content",
  "POST /api/notifications/read-all",
  "GET /api/spaces/:spaceId/webhooks",
  "POST /api/spaces/:spaceId/webhooks",
  "GET /api/spaces/:spaceId/webhooks/:webhookId",
  "PATCH /api/spaces/:spaceId/webhooks/:webhookId",
  "DELETE /api/spaces/:spaceId/webhooks/:webhookId",
  "POST /api/spaces/:spaceId/webhooks/:webhookId/rotate",
  "POST /api/spaces/:spaceId/webhooks/:webhookId/ping",
  "GET /api/spaces/:spaceId/webhooks/:webhookId/deliveries",
  "POST /api/spaces/:spaceId/webhooks/:webhookId/deliveries/:deliveryId/redeliver",
  "POST /api/runs/:id/discard",
  "POST /api/runs/:id/retry",
  "POST /api/runs/:id/recover",
  "POST /api/state/:capsule_id/versions",
  "GET /api/state/:capsule_id/versions/:id",
  "GET /api/state/:capsule_id/versions/:id/metadata",
  "GET /api/audit/verify",
  "GET /api/runners",
  "POST /api/runners/:id/drain",
  "GET /api/runner-pools",
  "POST /api/runner-pools",
  "GET /api/runner-pools/:pool_id/tokens",
  "POST /api/runner-pools/:pool_id/tokens",
  "DELETE /api/runner-tokens/:id",
  "PUT /api/me/password",
  "POST /api/me/sign-in-codes",
  "GET /api/me/sessions",
  "DELETE /api/me/sessions",
  "DELETE /api/me/sessions/:id",
  "GET /api/auth/methods",
  "POST /api/auth/code",
  "POST /api/auth/password",
  "GET /console/login",
  "GET /console/welcome",
  "POST /auth/password",
  "POST /auth/code",
  "POST /auth/logout",
  "POST /api/auth/reset",
  "GET /auth/callback",
  "POST /auth/cli/callback",
  "GET /console/invite",
  "POST /console/invite",
  "GET /console/setup",
  "POST /console/setup",
  "GET /console/reset",
  "POST /console/reset",
  "POST /oauth/authorize",
  "GET /oauth/device",
  "POST /oauth/device",
  "POST /oauth/device/code",
  "PUT /oauth/register/:clientId",
  "DELETE /oauth/register/:clientId",
  "POST /api/spaces/:spaceId/restore",
  "POST /api/spaces/:spaceId/leave",
  "POST /api/spaces/:spaceId/transfer",
  "GET /api/spaces/:spaceId/invitations",
  "POST /api/spaces/:spaceId/invitations",
  "DELETE /api/spaces/:spaceId/invitations/:id",
  "GET /api/invitations/:token",
  "POST /api/invitations/:token",
  "DELETE /api/invitations/:token",
  "GET /api/spaces/:spaceId/tokens",
  "POST /api/spaces/:spaceId/tokens",
  "DELETE /api/spaces/:spaceId/tokens/:id",
]);
interface Endpoint {
  readonly family: string;
  readonly method: string;
  readonly path: string;
}
const endpoints: readonly Endpoint[] = JSON.parse(readFileSync(new URL("endpoints.json", import.meta.url), "utf8"));
const shape = (method: string, path: string) => `${method} ${path.replace(/:[A-Za-z_]\w*|\*/g, "{}")}`;
const reference = new Set(endpoints.flatMap(({ method, path }) => [shape(method, path), shape(method, `/api${path}`)]));
const all: readonly Family[] = Object.values(families);

describe("the inventory", () => {
  it.each(all)("$name stands in a file of its name, and its handlers in a folder of it", ({ name, context }) => {
    const own = name.startsWith(context) && name !== context ? name.slice(context.length) : name;
    const file = own.replace(/[A-Z]/g, (letter, at: number) => `${at > 0 ? "-" : ""}${letter.toLowerCase()}`);
    expect(existsSync(new URL(`../../../packages/contracts/src/${context}/${file}.ts`, import.meta.url))).toBe(true);
    expect(existsSync(new URL(`../src/${context}/${file}/handlers.ts`, import.meta.url))).toBe(true);
  });

  it.each(all)("$name has at most 15 operations", ({ operations: listed }) => {
    expect(Object.keys(listed).length).toBeLessThanOrEqual(15);
  });

  it("serves what the reference lists, and a short list beyond it", () => {
    const served = publicOperations.map(({ operation: { method, path } }) => ({
      said: `${method} ${path}`,
      known: reference.has(shape(method, path)),
    }));
    expect(served.filter(({ said, known }) => !known && !additions.has(said))).toEqual([]);
    expect([...additions].filter((said) => !served.some((one) => one.said === said && !one.known))).toEqual([]);
  });

  it("has one locator for each entity that an access rule names, and no other", () => {
    const named = new Set(operations.flatMap(({ operation }) => operation.spec.access.at.flatMap(Object.keys)));
    expect(Object.keys(locators).toSorted()).toEqual([...named].toSorted());
  });

  it("has no two operations at one address", () => {
    const addresses = operations.map(({ operation: { method, path } }) => shape(method, path));
    expect(new Set(addresses).size).toBe(addresses.length);
  });
});

describe("the OpenAPI document", () => {
  const document = openApiOf(families, { title: "t", version: "1" });
  const documented = ({ method, path }: Operation) =>
    (document.paths?.[braced(path)] as Record<string, { summary?: string; responses?: object; tags?: string[] }> | undefined)?.[
      method.toLowerCase()
    ];

  it.each(publicOperations)("documents $id with every error that its contract names", ({ operation }) => {
    const found = documented(operation);
    expect(found?.summary).toBe(operation.spec.summary);
    const statuses = Object.keys(found?.responses ?? {});
    for (const code of operation.spec.errors ?? []) expect(statuses).toContain(String(errorStatus[code]));
    for (const status of ["400", "429", "500"]) expect(statuses).toContain(status);
  });

  it("says nothing of hidden families, nor of paths that are not there", () => {
    for (const { operation } of operations.filter(({ hidden }) => hidden)) expect(documented(operation)).toBeUndefined();
    const spoken = Object.values(document.paths ?? {}).flatMap((item) => Object.keys(item ?? {}).filter((key) => key !== "parameters"));
    expect(spoken).toHaveLength(publicOperations.length);
    expect(all.some(({ context }) => meaningOf(context).off)).toBe(false);
  });
});
