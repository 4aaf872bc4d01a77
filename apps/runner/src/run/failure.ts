import type { Diagnostic } from "@takosumi/contracts/deploy/plan";
import { ApiError } from "@takosumi/contracts/errors";
import { TofuError, type TofuErrorReason } from "@takosumi/opentofu/errors";
import type { PhaseExit } from "@takosumi/opentofu/types";
import { RedactionLimitError } from "@takosumi/redact/rules";
import { WrongBytes } from "../cache/bytes.ts";
import { Stop } from "./control.ts";

/** Stable codes of `run.error` that a runner gives. */
export type FailureCode =
  | "TOOL_NOT_FOUND"
  | "SOURCE_INVALID"
  | "SOURCE_PATH_NOT_FOUND"
  | "SOURCE_GIT_MISSING"
  | "SOURCE_URL_REFUSED"
  | "SOURCE_PRIVATE_ADDRESS"
  | "SOURCE_REDIRECTED"
  | "SOURCE_UNREACHABLE"
  | "SOURCE_UNAUTHORIZED"
  | "SOURCE_CREDENTIAL_INVALID"
  | "SOURCE_HOST_KEY_UNKNOWN"
  | "SOURCE_HOST_KEY_CHANGED"
  | "SOURCE_NOT_FOUND"
  | "SOURCE_REF_NOT_FOUND"
  | "SOURCE_TOO_LARGE"
  | "SOURCE_TIMEOUT"
  | "SOURCE_FETCH_FAILED"
  | "INPUT_MISSING"
  | "INPUT_CORRUPT"
  | "VARIABLE_INVALID"
  | "BACKEND_ESCAPE"
  | "STATE_INVALID"
  | "INIT_FAILED"
  | "PLAN_FAILED"
  | "APPLY_FAILED"
  | "TOOL_KILLED"
  | "STATE_UNSAVED"
  | "SEAL_MISMATCH"
  | "CREDENTIALS_UNAVAILABLE"
  | "OUTPUT_LIMIT"
  | "CPU_LIMIT"
  | "DISK_LIMIT"
  | "MEMORY_LIMIT"
  | "PROCESS_LIMIT"
  | "TIMEOUT"
  | "CANCELLED"
  | "runner_stopped"
  | "RUNNER_ERROR";

/** Ends a Run as failed. The message says what was wrong, where, and what to do; redacted before it is sent. */
export class RunFailure extends Error {
  readonly code: FailureCode;
  readonly details: Readonly<Record<string, unknown>> | null;
  readonly diagnostics: readonly Diagnostic[];
  constructor(
    code: FailureCode,
    message: string,
    { details = null, diagnostics = [] }: { details?: Record<string, unknown> | null; diagnostics?: readonly Diagnostic[] } = {},
  ) {
    super(message);
    this.name = "RunFailure";
    this.code = code;
    this.details = details;
    this.diagnostics = diagnostics;
  }
}

const codes: Record<TofuErrorReason, FailureCode> = {
  tool_missing: "TOOL_NOT_FOUND",
  tool_broken: "TOOL_NOT_FOUND",
  bad_path: "SOURCE_INVALID",
  bad_archive: "SOURCE_INVALID",
  module_missing: "SOURCE_PATH_NOT_FOUND",
  too_large: "SOURCE_INVALID",
  bad_env_name: "VARIABLE_INVALID",
  bad_argument: "VARIABLE_INVALID",
  backend_override: "BACKEND_ESCAPE",
  sandbox_missing: "RUNNER_ERROR",
  bad_output: "RUNNER_ERROR",
  bad_state: "STATE_INVALID",
};

const stops = {
  cancelled: "CANCELLED",
  timeout: "TIMEOUT",
  runner_stopped: "runner_stopped",
  output_limit: "OUTPUT_LIMIT",
  cpu_limit: "CPU_LIMIT",
  disk_limit: "DISK_LIMIT",
  lease_lost: "CANCELLED",
} as const;
export const stopFailure = (stop: Stop, diagnostics: readonly Diagnostic[] = []): RunFailure =>
  new RunFailure(stops[stop.kind], stop.message, { diagnostics });

/** Every way in which work for a Run can end badly, as one. An error that nobody expected shows its message to the log only. */
export function failureOf(error: unknown): RunFailure {
  if (error instanceof RunFailure) return error;
  if (error instanceof Stop) return stopFailure(error);
  if (error instanceof TofuError) return new RunFailure(codes[error.reason], error.message);
  if (error instanceof WrongBytes) return new RunFailure("INPUT_CORRUPT", `${error.message}. The stored blob is damaged: make a new plan.`);
  if (error instanceof RedactionLimitError)
    return new RunFailure("OUTPUT_LIMIT", `${error.message}: the output of this Run cannot be shown safely.`);
  if (error instanceof ApiError && (error.details?.reason === "connection_unavailable" || error.details?.reason === "exchange_failed"))
    return new RunFailure("CREDENTIALS_UNAVAILABLE", error.message, { details: { ...error.details } });
  if (error instanceof ApiError && error.code === "GONE" && error.details?.reason === "damaged")
    return new RunFailure("INPUT_CORRUPT", `${error.message}. Nothing was executed: make a new plan.`);
  if (error instanceof ApiError && error.code === "NOT_FOUND")
    return new RunFailure("INPUT_MISSING", "Something that this Run needs is not stored any more: make a new plan.");
  return new RunFailure("RUNNER_ERROR", "The runner could not do its part. Its log says why; run it again.");
}

const limits = {
  MEMORY_LIMIT: "needed more memory than TAKOSUMI_RUN_MEMORY_BYTES allows.",
  PROCESS_LIMIT: "needed more processes and threads than TAKOSUMI_RUN_PROCESSES allows.",
  DISK_LIMIT: "wrote a file that is larger than TAKOSUMI_RUN_FILE_BYTES allows.",
} as const;
const tooLarge = /file too large|file size limit exceeded/i;

/** The limit that ended a command: as the kernel counted it, or as the tool was told. */
function limitOf({ limit, signal }: PhaseExit, diagnostics: readonly Diagnostic[]): keyof typeof limits | null {
  if (limit) return limit === "memory" ? "MEMORY_LIMIT" : "PROCESS_LIMIT";
  const said = diagnostics.some(({ severity, summary, detail }) => severity === "error" && tooLarge.test(`${summary} ${detail}`));
  return said || signal === "SIGXFSZ" ? "DISK_LIMIT" : null;
}

/** A failed command as its first error says it, with file and line. */
export function toolFailure(code: FailureCode, what: string, diagnostics: readonly Diagnostic[], exit: PhaseExit): RunFailure {
  const limit = limitOf(exit, diagnostics);
  if (limit) return new RunFailure(limit, `${what} ${limits[limit]}`, { details: { exit_status: exit.code }, diagnostics });
  if (exit.signal === "SIGKILL")
    return new RunFailure("TOOL_KILLED", `${what} was killed: by this machine for want of memory, or by somebody.`, { diagnostics });
  const first = diagnostics.find(({ severity }) => severity === "error");
  if (!first)
    return new RunFailure(code, `${what} ended with exit status ${exit.code}. The log says why.`, {
      details: { exit_status: exit.code },
      diagnostics,
    });
  const { file, line, summary, detail, address } = first;
  const place = file ? ` (${file}${line === null ? "" : `:${line}`})` : "";
  const message = `${summary}${place}${detail ? `: ${detail}` : ""}`;
  return new RunFailure(code, message, { details: { file, line, address, message: summary, exit_status: exit.code }, diagnostics });
}
