/** What somebody's archive or repository may be. */
export interface SourceLimits {
  /** Bytes of all files together. */
  readonly bytes: number;
  readonly entries: number;
  /** Bytes out for each byte in; asked for beyond 16 MiB, as small files of one letter compress well and harm nobody. */
  readonly ratio: number;
}

/** Below what a work snapshot may be, which holds the source and what init brings. */
export const sourceLimits: SourceLimits = { bytes: 256 * 1024 * 1024, entries: 50_000, ratio: 200 };
export const RATIO_FROM = 16 * 1024 * 1024;
