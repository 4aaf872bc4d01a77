import type { Phase } from "./define.ts";
import { ExchangeError } from "./exchange-error.ts";

export interface ExchangeOptions {
  readonly phase: Phase;
  /** Names the session in the provider's own records: the Run's id. */
  readonly session: string;
  /** Where STS is instead of AWS's own address. */
  readonly stsEndpoint?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How long an answer is waited for, all tries together. */
  readonly patienceMs?: number | undefined;
}

const defaultPatienceMs = 20_000;
const clip = 300;

/**
 * Temporary credentials of a role, for one phase, from STS. The long-lived key signs the request and goes no further.
 * Throws ExchangeError.
 */
export async function assumeRole(
  values: Readonly<Record<string, string>>,
  { phase, session, stsEndpoint, signal, patienceMs = defaultPatienceMs }: ExchangeOptions,
) {
  // Most instances assume no role: the client is read when one does.
  const { AssumeRoleCommand, STSClient } = await import("@aws-sdk/client-sts");
  const role = (phase === "plan" && values.PLAN_ROLE_ARN) || values.AWS_ROLE_ARN || "";
  const client = new STSClient({
    region: values.AWS_REGION ?? "us-east-1",
    credentials: { accessKeyId: values.AWS_ACCESS_KEY_ID ?? "", secretAccessKey: values.AWS_SECRET_ACCESS_KEY ?? "" },
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000 },
    maxAttempts: 3,
    ...(stsEndpoint && { endpoint: stsEndpoint }),
  });
  const command = new AssumeRoleCommand({
    RoleArn: role,
    RoleSessionName: session.replace(/[^\w+=,.@-]/g, "-").slice(0, 64),
    DurationSeconds: Number(values.SESSION_SECONDS ?? 3_600),
    ...(values.AWS_EXTERNAL_ID && { ExternalId: values.AWS_EXTERNAL_ID }),
  });
  const late = AbortSignal.timeout(patienceMs);
  try {
    const { Credentials: made } = await client.send(command, { abortSignal: signal ? AbortSignal.any([signal, late]) : late });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = made ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || !(Expiration instanceof Date) || Number.isNaN(Expiration.getTime()))
      throw new ExchangeError("malformed", `STS answered without credentials for ${role}.`);
    return {
      values: { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey, AWS_SESSION_TOKEN: SessionToken },
      expires_at: Expiration,
    };
  } catch (error) {
    signal?.throwIfAborted();
    throw failure(error, role, values);
  } finally {
    client.destroy();
  }
}

const codes = { timeout: /Timeout|Abort/i, unreachable: /^(E[A-Z_]{3,}|ENOTFOUND|EAI_AGAIN)$/ };

function failure(error: unknown, role: string, values: Readonly<Record<string, string>>): ExchangeError {
  if (error instanceof ExchangeError) return error;
  const {
    name = "",
    message = "",
    code,
    $metadata,
  } = error as { name?: string; message?: string; code?: unknown; $metadata?: { httpStatusCode?: number } };
  if (codes.timeout.test(name)) return new ExchangeError("timeout", `STS did not answer in time when ${role} was to be assumed.`);
  if (typeof code === "string" && codes.unreachable.test(code))
    return new ExchangeError("unreachable", `STS cannot be reached (${code}), so ${role} was not assumed.`);
  const status = $metadata?.httpStatusCode;
  if (status === undefined || status < 400 || /^(Error|SyntaxError|TypeError|Unknown(Error)?)$/.test(name))
    return new ExchangeError(
      "malformed",
      `STS answered something else than it should${status ? ` (status ${status})` : ""} when ${role} was to be assumed.`,
    );
  const said = hides(message, values) ? `: ${message.replace(/\s+/g, " ").slice(0, clip)}` : "";
  return new ExchangeError("refused", `STS refused to let ${role} be assumed (${name.slice(0, 64)})${said}`, name.slice(0, 64));
}

/** Whether a message holds none of the values that were given, but for the names of roles and region. */
const hides = (
  message: string,
  {
    PLAN_ROLE_ARN: _plan,
    AWS_ROLE_ARN: _role,
    AWS_REGION: _region,
    SESSION_SECONDS: _seconds,
    ...secret
  }: Readonly<Record<string, string>>,
): boolean => message !== "" && Object.values(secret).every((value) => !message.includes(value));
