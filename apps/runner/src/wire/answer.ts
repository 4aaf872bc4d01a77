import { ApiError, type ErrorCode, errorStatus } from "@takosumi/contracts/errors";
import type { Dispatcher } from "undici";
import { TryAgain } from "./retry.ts";

const MOST_BYTES = 64 * 1024 * 1024;
/** Gateways and restarting replicas answer these; a request timeout (408) and 425 are likewise no answer of the operation. */
const passing = new Set([408, 425, 429, 502, 503, 504]);
/** A 500 may be one replica's bad moment; the same one again and again is not. */
const MOST_FAILURES = 6;
const codes = new Set<string>(Object.keys(errorStatus));

/** A whole body of at most 64 MiB. */
export async function textOf(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new Error(`the api answered more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Turns a refusal into the ApiError that it says it is, or into TryAgain where the same call may succeed later. */
export async function refusalOf(answer: Dispatcher.ResponseData, tries: number): Promise<ApiError | TryAgain> {
  const text = await textOf(answer.body).catch(() => "");
  if (passing.has(answer.statusCode) || (answer.statusCode === 500 && tries < MOST_FAILURES))
    return new TryAgain(`HTTP ${answer.statusCode}`, retryAfter(answer.headers["retry-after"]));
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; details?: Record<string, unknown> } };
    if (codes.has(error.code)) return ApiError.received({ code: error.code as ErrorCode, message: error.message, details: error.details });
  } catch {
    // Not our envelope: something that stands before the api answered.
  }
  return new TryAgain(`HTTP ${answer.statusCode} that is not the api's`);
}

const retryAfter = (header: string | string[] | undefined): number => (Number(Array.isArray(header) ? header[0] : header) || 0) * 1000;
