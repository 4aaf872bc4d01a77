import type { SpareShells } from "@takosumi/opentofu/spare-shells";
import type { SandboxFacts } from "@takosumi/opentofu/types";
import type { Inits } from "./cache/inits.ts";
import type { Recent } from "./cache/recent.ts";
import type { SourceCache } from "./cache/sources.ts";
import type { Settings } from "./env.ts";
import type { Log } from "./log.ts";
import type { ReadyApplies } from "./run/ready-applies.ts";
import type { SparePlans } from "./run/spare-plans.ts";
import type { Client } from "./wire/client.ts";

/** What a module is known to need, by source digest, module path and tool. */
export type ModuleFacts = {
  /** `provider_config` of the tool's own view of the configuration. */
  readonly config: unknown;
};

/** What is opened once and shared by all Runs of this process. */
export type Site = {
  readonly settings: Settings;
  readonly client: Client;
  readonly runnerId: string;
  readonly renewMs: number;
  readonly log: Log;
  readonly facts: SandboxFacts;
  /** A file of all certificate authorities that Runs trust, where the operator named some of their own. */
  readonly trusted: string | null;
  /** Shells for phases in a sandbox, started while there is nothing else to do. */
  readonly shells: SpareShells;
  readonly ready: ReadyApplies;
  readonly spares: SparePlans;
  readonly sources: SourceCache;
  readonly modules: Recent<ModuleFacts>;
  readonly inits: Inits;
  /** Masked values of plans that this process made, by plan Run: an apply on the same runner hides them without asking the tool again. */
  readonly masked: Recent<readonly string[]>;
};
