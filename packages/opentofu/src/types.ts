/** Shapes that more than one file of this package, or its caller, speaks. No code. */

export type ToolName = "opentofu" | "terraform";

/** One executable that was found on this machine, answered `version -json`, and was hashed. */
export type Tool = {
  name: ToolName;
  version: string;
  /** Absolute path of the binary, symbolic links resolved. */
  path: string;
  origin: "configured" | "path" | "cache" | "built";
  /** `sha256:<hex>` of the binary's bytes. */
  digest: string;
};

/** Where the pieces of one phase lie on this machine. Everything is below `root`, which is 0700. */
export type RunDir = {
  root: string;
  /** The source tree: bound at `/work` inside the sandbox. */
  tree: string;
  /** TF_DATA_DIR: plugins links, downloaded modules, backend record. */
  data: string;
  /** exit, status, stdout, stderr, phase.json: the payload never writes here, but for the bound events file. */
  ctl: string;
  /** State, plan file, variables file, CLI configuration, home: the payload may write here. */
  io: string;
  /** Files of the connections: there only while the phase runs that may read them; no payload writes here. */
  credentials: string;
};

/** Absolute paths as the payload sees them: equal to the host's without bubblewrap. */
export type SeenPaths = {
  tree: string;
  /** The root module: `tree` plus the Capsule's module path. */
  module: string;
  data: string;
  io: string;
  credentials: string;
  state: string;
  planFile: string;
  varFile: string;
  cliConfig: string;
  events: string;
  home: string;
  /** The tool's own executable. */
  tool: string;
};

export type SandboxKind = "bubblewrap" | "none";

/** What isolation this machine really gives: found by trying, never by looking at versions. */
export type SandboxFacts = {
  kind: SandboxKind;
  /** Why bubblewrap is not used; null where it is. */
  reason: string | null;
  /** True where this process is root and the payload becomes `uid`/`gid` inside. */
  setpriv: boolean;
  /** Who the payload runs as. */
  uid: number;
  gid: number;
  /** What is not isolated here, in words for the start line and the Run. */
  missing: string[];
  cgroups: CgroupPlaces;
};

/** Where groups that limit a resource can be made, each null where nowhere. */
export type CgroupPlaces = Record<"memory" | "processes", { version: 1 | 2; dir: string } | null>;

export type Limits = {
  /** Bytes of memory of a phase's processes together, where a cgroup can be made; null = unlimited. */
  memory?: number | null;
  /** Processes and threads of a phase; without a cgroup those of the payload's uid. null = unlimited. */
  processes?: number | null;
  /** Open files of one process. */
  openFiles?: number | null;
  /** Bytes of one file the payload writes. */
  fileSize?: number | null;
};

/** How a phase ended: an exit status, or the signal that ended it (`code` is then 128 + its number). */
export type PhaseExit = {
  code: number;
  signal: string | null /** The limit that its processes ran into, where the kernel counted it. */;
  limit?: "memory" | "processes";
};

/** Facts that find the same process again, and never another one: pid alone is reused by the kernel. */
export type PhaseFacts = {
  name: string;
  /** Pid of the detached shell. */
  pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks after boot. */
  startTicks: string;
  bootId: string;
  sandbox: SandboxKind;
  /** Directories of the cgroups that its processes are in. */
  cgroups?: string[];
  /** `NAME=value` that every process of this phase was started with, and no other has. */
  marker: string;
  startedAt: string;
};

/** A detached phase, started here or found again. */
export type Phase = {
  facts: PhaseFacts;
  /** Host paths of what the tool writes; both grow until `wait` resolves. */
  files: { stdout: string; stderr: string };
  /** How it ended. Resolves after all output is written. A lost shell counts as killed. */
  wait(): Promise<PhaseExit>;
  alive(): Promise<boolean>;
  /** One SIGINT to the tool's own process, once in the phase's life whoever asks; false where none was sent. */
  interrupt(): Promise<boolean>;
  /** Ends everything, children that left the session included. `wait` then resolves. */
  kill(): Promise<void>;
};

/** A phase whose tool is started and waits, before it has looked at anything of the Run. */
export type HeldPhase = {
  /** Lets it go, with this as its CLI configuration. Once. */
  release(config: string): Phase;
  /** Resolves when the tool itself is there, so that its sandbox stands; false where it ended before. */
  begun(): Promise<boolean>;
  /** Its directory stands elsewhere now. Only in a sandbox that stands, which holds directories and no names of them. */
  moved(dir: RunDir): void;
  /** Whether it still waits: nobody released it, and its tool was not killed. */
  waits(): boolean;
  /** Ends it unused, where it was not released. Resolves when it touches its directory no more. */
  dismiss(): Promise<void>;
};

export type Severity = "error" | "warning";

export type ToolDiagnostic = {
  severity: Severity;
  summary: string;
  detail: string;
  address: string | null;
  /** Path below the tree's root where the tool named one. */
  file: string | null;
  line: number | null;
  column: number | null;
  snippet: string | null;
};

export type ResourceState = "planned" | "started" | "progress" | "completed" | "errored";
export type ResourceAction =
  | "create"
  | "update"
  | "delete"
  | "replace"
  | "read"
  | "no-op"
  | "import"
  | "forget"
  | "move"
  | "open"
  | "renew"
  | "close"
  | "unknown";

/** `text` is the tool's own human line, for a log that is rendered from events. `at` is the tool's time, ISO. */
export type ToolEvent =
  | { type: "log"; level: "debug" | "info" | "warn" | "error"; text: string; at: string | null }
  | ({ type: "diagnostic"; at: string | null } & ToolDiagnostic)
  | {
      type: "resource";
      address: string;
      action: ResourceAction;
      state: ResourceState;
      /** The real object's id, where the provider gave one: the ledger of rule 3 lives from it. */
      id: string | null;
      elapsed_s: number | null;
      text: string;
      at: string | null;
    }
  | { type: "refresh"; address: string; state: "started" | "completed"; text: string; at: string | null }
  | { type: "drift"; address: string; action: ResourceAction; text: string; at: string | null }
  | {
      type: "provisioner";
      address: string;
      state: "started" | "progress" | "completed" | "errored";
      text: string;
      at: string | null;
    }
  /** Values of sensitive outputs are null. */
  | { type: "outputs"; outputs: Record<string, OutputEvent>; at: string | null }
  | {
      type: "summary";
      operation: "plan" | "apply" | "destroy";
      add: number;
      change: number;
      remove: number;
      import: number;
      forget: number;
      text: string;
      at: string | null;
    }
  | { type: "version"; tool: ToolName; version: string; at: string | null }
  /** Rule 4: the whole state, secrets included. Only the recovery of the state may touch it; it is never a log. */
  | { type: "state_dump"; state: string };

export type OutputEvent = { type: unknown; value: unknown; sensitive: boolean; action: string | null };

export type AttributeChange = {
  /** Dotted, with indexes in brackets: `network[0].name`. */
  path: string;
  /** null where sensitive, unknown or absent. */
  before: unknown;
  after: unknown;
  sensitive: boolean;
  unknown: boolean;
  forces_replacement: boolean;
  /** The value was longer than the limit and is cut or left out. */
  truncated: boolean;
};

export type ResourceChange = {
  address: string;
  /** Module path, null for the root module. */
  module: string | null;
  type: string;
  name: string;
  /** Instance key of `count` or `for_each`. */
  index: string | number | null;
  provider: string;
  mode: "managed" | "data";
  actions: string[];
  action_reason: string | null;
  previous_address: string | null;
  import_id: string | null;
  deposed: string | null;
  replace_paths: string[];
  attributes: AttributeChange[];
  attributes_truncated: boolean;
};

export type OutputChange = {
  name: string;
  actions: string[];
  before: unknown;
  after: unknown;
  sensitive: boolean;
  unknown: boolean;
  truncated: boolean;
};

export type CheckResult = { address: string; status: string; problems: string[] };

export type PlanSummary = { add: number; change: number; destroy: number; import: number; move: number; forget: number; replace: number };

/** What leaves the runner of a plan: masks applied, no variables, state, values or configuration. */
export type PlanResult = {
  has_changes: boolean;
  summary: PlanSummary;
  resource_changes: ResourceChange[];
  /** Changes beyond the limit were left out of `resource_changes`; `summary` still counts them. */
  truncated: boolean;
  output_changes: OutputChange[];
  drift: ResourceChange[];
  checks: CheckResult[];
  complete: boolean;
  applyable: boolean;
  errored: boolean;
};

export type RequiredProvider = {
  /** Fully qualified and normalised: `registry.opentofu.org/hashicorp/aws`. */
  provider: string;
  alias: string | null;
  /** Built into the tool: nothing to install, nothing to bind. */
  builtin: boolean;
};
