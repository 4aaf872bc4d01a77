/** Why a process did not start, and the exit status that says so to whoever started it. 1 is anything else. */
export const startExit = {
  configuration: 2,
  port_taken: 3,
  database_unreachable: 4,
  newer_data: 5,
  wrong_key: 6,
} as const satisfies Record<string, number>;
export type StartFailure = keyof typeof startExit;

/** A start that cannot go on. `message` says what is wrong and what to do; it holds no secret. */
export class StartError extends Error {
  readonly failure: StartFailure;
  constructor(failure: StartFailure, message: string) {
    super(message);
    this.name = "StartError";
    this.failure = failure;
  }
}
