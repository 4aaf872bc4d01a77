/** Why temporary credentials could not be had. The message names what was asked and what was answered, never a value that was given. */
export class ExchangeError extends Error {
  /** The service said no; was not reached; took too long; answered something else than credentials. */
  readonly reason: "refused" | "unreachable" | "timeout" | "malformed";
  /** The service's own code, such as AccessDenied. */
  readonly code: string | null;
  constructor(reason: ExchangeError["reason"], message: string, code: string | null = null) {
    super(message);
    this.name = "ExchangeError";
    this.reason = reason;
    this.code = code;
  }
}
