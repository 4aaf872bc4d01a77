/** What the global setup hands to every test process: a server, and the migrated database on it that tests are cloned from. */
export interface TestServer {
  readonly url: string;
  readonly template: string;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly postgres: TestServer;
  }
}
