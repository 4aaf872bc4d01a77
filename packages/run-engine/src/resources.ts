import type { Blobs } from "@takosumi/blobs/blobs";
import type { Db } from "@takosumi/db/db";
import type { Keyring } from "@takosumi/keyring/envelope";
import type { Notices } from "./notices.ts";
import type { EngineSettings } from "./settings.ts";

/** What the engine works with. Each system names the few that it uses. */
export interface EngineResources {
  readonly db: Db;
  readonly blobs: Blobs;
  readonly keyring: Keyring;
  readonly notices: Notices;
  readonly settings: EngineSettings;
}
