/** Why this package refuses something. Closed: callers branch on it, never on the message. */
export type TofuErrorReason =
  | "tool_missing"
  | "tool_broken"
  | "bad_path"
  | "bad_archive"
  | "module_missing"
  | "too_large"
  | "bad_env_name"
  | "bad_argument"
  | "backend_override"
  | "sandbox_missing"
  | "bad_output"
  | "bad_state";

/** The only error this package throws on purpose. `message` says what was wrong, where, and what to do; it holds no secret. */
export class TofuError extends Error {
  readonly reason: TofuErrorReason;
  /** The file or entry that is meant, where it is one. */
  readonly entry: string | null;
  constructor(reason: TofuErrorReason, message: string, entry: string | null = null) {
    super(message);
    this.reason = reason;
    this.entry = entry;
  }
}
