import { credentials, FakeSts, raw, refusal } from "@takosumi/testkit/sts";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Mode } from "../src/define.ts";
import { exchange } from "../src/exchange.ts";
import { ExchangeError } from "../src/exchange-error.ts";
import { recipeOf } from "../src/registry.ts";

const mode = recipeOf("aws")?.modes.assume_role as Mode;
const role = "arn:aws:iam::123456789012:role/deploy";
const values = {
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  AWS_ROLE_ARN: role,
  AWS_EXTERNAL_ID: "external-id-of-the-trust",
};
const sts = new FakeSts();
let stsEndpoint: string;
beforeAll(async () => {
  stsEndpoint = await sts.start();
});
afterAll(() => sts.stop());

const assumed = (more: Record<string, string> = {}, phase: "plan" | "apply" = "apply", signal?: AbortSignal) =>
  exchange(mode, { values: { ...values, ...more } }, { phase, session: "run_01jd4r6m3xk8q2v7n5t9c0hbwe", stsEndpoint, signal });
const failed = async (work: Promise<unknown>): Promise<ExchangeError> => {
  const error = await work.then(
    () => null,
    (problem: unknown) => problem,
  );
  expect(error).toBeInstanceOf(ExchangeError);
  for (const secret of [values.AWS_ACCESS_KEY_ID, values.AWS_SECRET_ACCESS_KEY, values.AWS_EXTERNAL_ID])
    expect(`${(error as Error).message} ${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(secret);
  return error as ExchangeError;
};

it("signs with the key, asks for the role, and gives credentials of the role alone", async () => {
  sts.answer = credentials();
  const { given, expires_at } = await assumed({ AWS_REGION: "eu-central-1", SESSION_SECONDS: "900" });
  expect(sts.asked.at(-1)).toEqual({
    keyId: values.AWS_ACCESS_KEY_ID,
    region: "eu-central-1",
    service: "sts",
    signedHeaders: expect.arrayContaining(["host", "x-amz-date"]),
    parameters: {
      Action: "AssumeRole",
      Version: "2011-06-15",
      RoleArn: role,
      RoleSessionName: "run_01jd4r6m3xk8q2v7n5t9c0hbwe",
      DurationSeconds: "900",
      ExternalId: values.AWS_EXTERNAL_ID,
    },
  });
  expect(given.values).toMatchObject({
    AWS_ACCESS_KEY_ID: "ASIADEPLOY",
    AWS_SECRET_ACCESS_KEY: "temporary/secret+deploy",
    AWS_SESSION_TOKEN: "temporary-token-of-deploy==",
    AWS_REGION: "eu-central-1",
  });
  expect(Object.values(given.values)).not.toContain(values.AWS_SECRET_ACCESS_KEY);
  const left = (expires_at?.getTime() ?? 0) - Date.now();
  expect(left).toBeGreaterThan(800_000);
  expect(left).toBeLessThanOrEqual(900_000);
});

it("assumes the role for plans while a plan is made", async () => {
  sts.answer = credentials();
  const PLAN_ROLE_ARN = "arn:aws:iam::123456789012:role/read";
  expect((await assumed({ PLAN_ROLE_ARN }, "plan")).given.values.AWS_ACCESS_KEY_ID).toBe("ASIAREAD");
  expect((await assumed({ PLAN_ROLE_ARN }, "apply")).given.values.AWS_ACCESS_KEY_ID).toBe("ASIADEPLOY");
  expect((await assumed({}, "plan")).given.values.AWS_ACCESS_KEY_ID).toBe("ASIADEPLOY");
});

it("says what STS said when it refuses, and nothing that was given", async () => {
  sts.answer = refusal(403, "AccessDenied", `User is not authorized to perform: sts:AssumeRole on resource: ${role}`);
  expect(await failed(assumed())).toMatchObject({
    reason: "refused",
    code: "AccessDenied",
    message: `STS refused to let ${role} be assumed (AccessDenied): User is not authorized to perform: sts:AssumeRole on resource: ${role}`,
  });
  sts.answer = refusal(403, "SignatureDoesNotMatch", `Credential=${values.AWS_ACCESS_KEY_ID}/x ExternalId=${values.AWS_EXTERNAL_ID}`);
  expect(await failed(assumed())).toMatchObject({ message: `STS refused to let ${role} be assumed (SignatureDoesNotMatch)` });
});

it("tells an answer that is none", async () => {
  for (const text of [
    "",
    "not xml at all",
    "<html><body>proxy</body></html>",
    "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>",
    "<a",
    `<x>${values.AWS_SECRET_ACCESS_KEY}</x>`,
  ]) {
    sts.answer = raw(200, text);
    expect(await failed(assumed()), text).toMatchObject({ reason: "malformed" });
  }
  sts.answer = raw(404, "<html>nothing here</html>");
  expect((await failed(assumed())).reason).toMatch(/^(malformed|refused)$/);
});

it("ends with the one who waits, and says when nobody is there", async () => {
  const heard = Promise.withResolvers<void>();
  sts.answer = () => heard.resolve();
  const stop = new AbortController();
  const slow = assumed({}, "apply", stop.signal);
  await heard.promise;
  stop.abort(new Error("the request was given up"));
  await expect(slow).rejects.toThrow("the request was given up");
  const options = { phase: "plan", session: "run_1", stsEndpoint } as const;
  expect(await failed(exchange(mode, { values }, { ...options, patienceMs: 100 }))).toMatchObject({ reason: "timeout" });
  const away = exchange(mode, { values }, { ...options, stsEndpoint: "http://127.0.0.1:9" });
  expect(await failed(away)).toMatchObject({ reason: "unreachable" });
});

it("leaves a mode without an exchange as it is", async () => {
  const given = { values: { CLOUDFLARE_API_TOKEN: "x" } };
  const { modes } = recipeOf("cloudflare") as { modes: Record<string, Mode> };
  expect(await exchange(modes.api_token as Mode, given, { phase: "plan", session: "run_1" })).toEqual({ given, expires_at: null });
});
