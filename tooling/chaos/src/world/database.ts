import { type EmbeddedPostgres, startEmbedded } from "@takosumi/db/embedded";
import { migrate } from "@takosumi/db/migrate";
import pg from "pg";
import { below, signalAll } from "./run-tree.ts";

type Value = string | number | null | readonly string[];

/** A PostgreSQL of this world alone, durable, so that what was committed outlives its death. */
export class Database {
  readonly #dataDir: string;
  #now: EmbeddedPostgres | null = null;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** The same address after every start. */
  get url(): string {
    return this.#running.url;
  }

  get pid(): number {
    return this.#running.pid;
  }

  async start(): Promise<void> {
    const before = this.#now?.url;
    this.#now = await startEmbedded({ dataDir: this.#dataDir });
    if (before === undefined) await migrate(this.#now.url);
    else if (before !== this.#now.url) throw new Error("The database came back under another address");
  }

  /** Ends it as the kernel would, in the middle of whatever it does. */
  async kill(): Promise<void> {
    process.kill(this.pid, "SIGKILL");
    await this.#running.exited;
    await this.#running.stop();
  }

  /** Stops every process of it where it stands: connections stay open, and nobody answers. */
  freeze(): void {
    signalAll(this.#processes(), "SIGSTOP");
  }

  thaw(): void {
    signalAll(this.#processes(), "SIGCONT");
  }

  #processes(): number[] {
    return [this.pid, ...below(this.pid)];
  }

  async stop(): Promise<void> {
    await this.#now?.stop();
  }

  /** Looks into it, beside everybody else. Rejects while it is away. */
  async rows<T extends object>(text: string, values: readonly Value[] = []): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5_000 });
    client.on("error", () => {});
    await client.connect();
    try {
      return (await client.query<T>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  get #running(): EmbeddedPostgres {
    if (!this.#now) throw new Error("The database was never started");
    return this.#now;
  }
}
