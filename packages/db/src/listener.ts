import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import type { Listening } from "./db.ts";
import { DatabaseUnavailable } from "./errors.ts";
import { connectionLost } from "./failure.ts";
import type { DbSettings } from "./settings.ts";

interface Follower {
  readonly channel: string;
  readonly onNotify: (payload: string) => void;
  readonly onReconnect: (() => void) | undefined;
}

const heartbeatMs = 15_000;

/** One connection that listens for everybody in the process, and comes back by itself. */
export class Listener {
  readonly #settings: DbSettings;
  readonly #onError: (error: unknown) => void;
  readonly #followers = new Set<Follower>();
  readonly #closed = new AbortController();
  #client: pg.Client | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #connecting: Promise<void> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(settings: DbSettings, onError: (error: unknown) => void) {
    this.#settings = settings;
    this.#onError = onError;
  }

  async listen(channel: string, onNotify: (payload: string) => void, onReconnect?: () => void): Promise<Listening> {
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(channel)) throw new Error(`${channel} is no name of a channel: a-z, 0-9 and _, at most 63`);
    const follower: Follower = { channel, onNotify, onReconnect };
    this.#followers.add(follower);
    try {
      await this.#within(this.#begin(channel));
    } catch (error) {
      this.#followers.delete(follower);
      throw error;
    }
    return {
      close: async () => {
        this.#followers.delete(follower);
        if (this.#client && !this.#channels().has(channel)) await this.#ask(this.#client, `UNLISTEN ${channel}`).catch(() => {});
      },
    };
  }

  async close(): Promise<void> {
    this.#closed.abort();
    this.#followers.clear();
    clearInterval(this.#heartbeat);
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #begin(channel: string): Promise<void> {
    for (;;) {
      const client = this.#client;
      if (!client) await this.#reconnect();
      else
        try {
          return void (await this.#ask(client, `LISTEN ${channel}`));
        } catch (error) {
          if (!connectionLost(error)) throw error;
          this.#dropped(client);
        }
    }
  }

  /** One after the other: a connection answers one question at a time. */
  #ask(client: pg.Client, text: string): Promise<unknown> {
    const asked = this.#turn.then(() => client.query(text));
    this.#turn = asked.catch(() => {});
    return asked;
  }

  #channels(): Set<string> {
    return new Set([...this.#followers].map((follower) => follower.channel));
  }

  #reconnect(): Promise<void> {
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Tries until it is connected, closed, or nobody wants to hear any more. */
  async #connect(): Promise<void> {
    for (let wait = 50; this.#followers.size > 0; wait = Math.min(wait * 2, 2_000)) {
      const client = new pg.Client({
        connectionString: this.#settings.url,
        connectionTimeoutMillis: this.#settings.waitMs,
        query_timeout: this.#settings.waitMs,
        keepAlive: true,
        application_name: `${this.#settings.applicationName} listener`,
      });
      client.on("error", () => this.#dropped(client));
      client.on("end", () => this.#dropped(client));
      client.on("notification", ({ channel, payload }) => this.#deliver(channel, payload ?? ""));
      try {
        await client.connect();
        for (const channel of this.#channels()) await client.query(`LISTEN ${channel}`);
        if (this.#closed.signal.aborted) return void (await client.end());
        this.#client = client;
        this.#turn = Promise.resolve();
        this.#heartbeat = setInterval(() => this.#beat(client), heartbeatMs).unref();
        return;
      } catch (error) {
        client.end().catch(() => {});
        if (!connectionLost(error)) throw error;
        await pause(wait, undefined, { signal: this.#closed.signal, ref: false }).catch(() => {});
      }
    }
    throw new DatabaseUnavailable("Nobody listens any more");
  }

  /** A connection that is dead without a word is found by asking. */
  #beat(client: pg.Client): void {
    this.#ask(client, "SELECT 1").catch(() => this.#dropped(client));
  }

  #dropped(client: pg.Client): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    clearInterval(this.#heartbeat);
    client.end().catch(() => {});
    if (this.#closed.signal.aborted) return;
    this.#reconnect().then(
      () => {
        for (const follower of this.#followers) this.#call(() => follower.onReconnect?.());
      },
      (error) => this.#onError(error),
    );
  }

  #deliver(channel: string, payload: string): void {
    for (const follower of this.#followers) if (follower.channel === channel) this.#call(() => follower.onNotify(payload));
  }

  #call(follow: () => void): void {
    try {
      follow();
    } catch (error) {
      this.#onError(error);
    }
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    const clock = new AbortController();
    const late = pause(this.#settings.waitMs, undefined, { signal: clock.signal, ref: false }).then(
      () => Promise.reject(new DatabaseUnavailable(`The database did not listen within ${this.#settings.waitMs / 1000} s`)),
      () => work,
    );
    try {
      return await Promise.race([work, late]);
    } finally {
      clock.abort();
    }
  }
}
