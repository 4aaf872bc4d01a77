/** All times in seconds. */
export interface EngineSettings {
  /** How long a lease lives without being renewed, how often a runner renews it, and how long past its end a Run is given up. */
  readonly leaseSeconds: number;
  readonly renewSeconds: number;
  readonly graceSeconds: number;
  /** How often a plan is started before it fails. */
  readonly planAttempts: number;
  /** Running Runs of one Workspace at once. */
  readonly workspaceLimit: number;
  /** How often deadlines, expiries and dead leases are looked for. */
  readonly sweepSeconds: number;
  /** A runner not heard of for so long is offline. */
  readonly onlineSeconds: number;
  /** How often ended Runs are looked for whose long logs move into blobs. */
  readonly compactSeconds: number;
  /** How often blobs are looked through for those that no row names, and how old such a one must be. */
  readonly collectSeconds: number;
  readonly unnamedSeconds: number;
  /** Days after its Run's end that a log is kept; 0 keeps it. */
  readonly logDays: number;
  /** Where STS is instead of AWS's own address. */
  readonly stsEndpoint?: string | undefined;
}

/** A log of up to so many bytes stays in its events. */
export const shortLogBytes = 256 * 1024;

export const engineDefaults: EngineSettings = {
  leaseSeconds: 30,
  renewSeconds: 10,
  graceSeconds: 10,
  planAttempts: 3,
  workspaceLimit: 20,
  sweepSeconds: 2,
  onlineSeconds: 60,
  compactSeconds: 5,
  collectSeconds: 3_600,
  unnamedSeconds: 24 * 3_600,
  logDays: 0,
};
