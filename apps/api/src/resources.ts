import type { Blobs } from "@takosumi/blobs/blobs";
import type { AnchorStore } from "@takosumi/db/audit-anchors";
import type { Db } from "@takosumi/db/db";
import type { Keyring } from "@takosumi/keyring/envelope";
import type { PrivateHosts } from "@takosumi/reach/private-hosts";
import type { Engine } from "@takosumi/run-engine/engine";
import type { OauthServer } from "./identity/oauth-server/server.ts";
import type { OidcProvider } from "./identity/oidc/provider.ts";
import type { Signup } from "./identity/oidc/service.ts";
import type { Log } from "./logger.ts";
import type { Inbox } from "./notifications/notifications/inbox.ts";
import type { SeedRepositories } from "./tenancy/seed-repositories/read.ts";

/** What is opened at start and closed at stop. A family names the few that it uses; plain functions are imported. */
export interface Resources {
  readonly db: Db;
  readonly keyring: Keyring;
  readonly blobs: Blobs;
  readonly engine: Engine;
  /** Heads of the audit, outside the database. */
  readonly anchors: AnchorStore;
  /** Wakes streams of notifications. */
  readonly inbox: Inbox;
  /** Issues tokens to apps. */
  readonly oauth: OauthServer;
  readonly log: Log;
  /** Where people sign in that is not here; null: nowhere. */
  readonly oidc: OidcProvider | null;
  readonly settings: ApiSettings;
}

interface Limits {
  readonly principal: number;
  readonly address: number;
  readonly sign_in: number;
  readonly token: number;
  readonly user_code: number;
  readonly device_code: number;
  readonly registration: number;
  readonly client_failure: number;
}

/** What handlers and the pipeline may know of the environment. Nothing secret. */
interface ApiSettings {
  readonly version: string;
  /** Without a slash at its end. Where any free port is taken, whole only once it listens: read it when it is needed. */
  readonly public_url: string;
  /** "https://app.example.com": where browser apps may ask from that no client is registered for. */
  readonly browser_origins: readonly string[];
  /** Private hosts and addresses that webhooks may reach. */
  readonly webhook_hosts: PrivateHosts;
  readonly seed_repositories: SeedRepositories;
  /** Who gets an account by an identity that nobody is known by. */
  readonly signup: Signup;
  /** Where bytes lie that are too many for memory, while they are read. */
  readonly scratch: string;
  /** A minute: requests in this process, and what is counted over all of them. */
  readonly limits: Limits;
}
