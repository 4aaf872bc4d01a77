import { exampleEnd, namedBy, prefixes } from "@takosumi/contracts/ids";
import { startApi, type TestApi } from "@takosumi/testkit/api";
import { browserOf } from "@takosumi/testkit/browser";
import type { Call } from "@takosumi/testkit/call";
import { afterAll, beforeAll, expect, it } from "vitest";
import { publicOperations } from "./operations.ts";
import { type Holdings, holdings } from "./samples.ts";

let api: TestApi;
let held: Holdings;
let browser: Call;
beforeAll(async () => {
  api = await startApi();
  held = await holdings(api.call);
  browser = (await browserOf(api.url, api.token)).call;
});
afterAll(() => api.close());

const ofExamples = new RegExp(`\\b(?:${Object.values(prefixes).join("|")})${exampleEnd}\\b`, "g");
/** With the ids of examples become those of what there is. */
const real = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value).replace(ofExamples, (id) => held[namedBy(id) as keyof Holdings] ?? id)) as T;

/** Their examples name people who are not here, and codes that were never made. */
const refused = [
  "auth.code",
  "auth.password",
  "authServer.submitPassword",
  "authServer.submitCode",
  "authServer.submitLogout",
  "authServer.submitSetup",
  "oauthConsent.authorizeDecision",
  "oauthConsent.deviceDecision",
  "oauthServer.decide",
  "oauthServer.decideDevice",
  "authServer.cliCallback",
  "authPages.submitInvite",
  "authPages.submitReset",
  "invitations.accept",
  "spaces.transfer",
  "spaceMembers.create",
];
const sent = publicOperations
  .filter(({ id }) => !refused.includes(id))
  .flatMap(({ id, operation }) =>
    (operation.spec.examples ?? []).map((example) => ({ name: `${id}: ${example.summary}`, operation, example })),
  );
it.each(sent)("$name", async ({ operation: { method, path, spec }, example }) => {
  const places = new Map(spec.access.at.flatMap((place) => Object.entries(place).map(([entity, input]) => [input as string, entity])));
  const url = path.replace(/:(\w+)/g, (_, name: string) => held[places.get(name) as keyof Holdings]);
  const { status, body } = await (spec.access.by === "session" ? browser : api.call)(method, url, { body: real(example.value) });
  // Some ask for a moment that is not now; what they say is understood all the same.
  expect([200, 201, 202, 204, 409], JSON.stringify(body)).toContain(status);
});
