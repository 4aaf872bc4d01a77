/** The database is away, or no connection came free in time. The API answers 503 with Retry-After. */
export class DatabaseUnavailable extends Error {
  override readonly name = "DatabaseUnavailable";
}

/** A row with this key is there already. `constraint` is the name of the unique index. */
export class UniqueViolation extends Error {
  override readonly name = "UniqueViolation";
  readonly constraint: string;
  constructor(constraint: string, cause?: unknown) {
    super(`A row already holds the key ${constraint}`, { cause });
    this.constraint = constraint;
  }
}

/** Another transaction was faster (serialization, deadlock, or a lock not given in time). Nothing was changed; the whole transaction may be tried again. */
export class LostRace extends Error {
  override readonly name = "LostRace";
}
