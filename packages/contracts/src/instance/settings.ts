/** One setting of the environment. A `secret` may also be given as `<name>_FILE`, the path of a file that holds it. */
export interface Setting {
  readonly name: string;
  readonly about: string;
  /** As it is written in the table of the README; null where there is none. */
  readonly default: string | null;
  readonly secret?: true;
  /** Which processes read it. */
  readonly read_by: readonly ("start" | "api" | "runner" | "test")[];
}

/** Every setting of every process. What is not here is refused at start, so that a misspelt name is never ignored. */
export const settings = [
  { name: "PORT", about: "Port of the API.", default: "8787", read_by: ["start", "api"] },
  { name: "HOST", about: "Address that the API listens on; 0.0.0.0 for all.", default: "127.0.0.1", read_by: ["start", "api"] },
  {
    name: "DATABASE_URL",
    about: "PostgreSQL 15 or later (postgres://user:password@host/database). Without it npm start brings an embedded one.",
    default: null,
    secret: true,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_DATA_DIR",
    about: "Everything that lives outside the database: blobs, master key, tokens, the embedded database. Back it up.",
    default: ".takosumi",
    read_by: ["start", "api", "runner"],
  },
  {
    name: "TAKOSUMI_PUBLIC_URL",
    about: "The URL that people and runners reach the API at.",
    default: "http://<HOST>:<PORT>",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_STREAMS",
    about: "Event streams and sockets that one principal may hold open, in each API process.",
    default: "100",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_STREAM_STALL_SECONDS",
    about: "A stream whose reader takes nothing for so long is cut.",
    default: "60",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_TRUSTED_PROXIES",
    about: "Addresses or ranges of reverse proxies whose X-Forwarded-For names the caller, separated by commas.",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_BROWSER_ORIGINS",
    about:
      "Origins such as https://app.example.com, separated by commas, whose pages may call with a token, beside those that public OAuth clients are sent back to.",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_MASTER_KEY",
    about: "Wraps every data key: 32 bytes as base64 or 64 hex digits. Without it, <data directory>/master.key, made at the first start.",
    default: null,
    secret: true,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_KMS_KEY",
    about: "Id or ARN of an AWS KMS key that wraps every data key instead. Region and credentials are those of the AWS SDK (AWS_…).",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_BOOTSTRAP_TOKEN",
    about: "A tak_pat_… of your own choice that becomes the first owner's token, for automation.",
    default: null,
    secret: true,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_RUNNER_TOKEN",
    about: "The tak_run_… that runners of the default pool show. npm start makes one.",
    default: null,
    secret: true,
    read_by: ["start", "api", "runner"],
  },
  {
    name: "TAKOSUMI_SURFACES",
    about: "Surfaces to serve beside those that are always there, separated by commas: cloud.",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_RATE_LIMIT",
    about: "Requests a minute of one principal, in each API process.",
    default: "6000",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_ADDRESS_RATE_LIMIT",
    about: "Requests a minute of one address that nobody signed in on, wrong tokens included, in each API process.",
    default: "600",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_SIGN_IN_RATE_LIMIT",
    about: "Passwords, codes and invitations that one address may try in a minute, in all API processes together.",
    default: "30",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_TOKEN_RATE_LIMIT",
    about: "Tokens that one caller may make, and user names that they may look up, in a minute, in all API processes together.",
    default: "60",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_USER_CODE_RATE_LIMIT",
    about: "Codes of devices that one person may enter or answer in a minute, in all API processes together.",
    default: "10",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_DEVICE_CODE_RATE_LIMIT",
    about: "Devices that one address may begin to sign in in a minute, in all API processes together.",
    default: "30",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_REGISTRATION_RATE_LIMIT",
    about: "OAuth clients that one person may register in a minute, in all API processes together.",
    default: "20",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_CLIENT_FAILURE_RATE_LIMIT",
    about:
      "Requests of one OAuth client from one address that may be refused in a minute at the endpoints that take its secret, in all API processes together.",
    default: "30",
    read_by: ["start", "api"],
  },
  { name: "TAKOSUMI_LOG_LEVEL", about: "fatal, error, warn, info, debug or trace.", default: "info", read_by: ["start", "api", "runner"] },
  {
    name: "TAKOSUMI_LEASE_SECONDS",
    about: "How long a Run is its runner's without a sign of life.",
    default: "30",
    read_by: ["start", "api"],
  },
  { name: "TAKOSUMI_LEASE_RENEW_SECONDS", about: "How often a runner gives a sign of life.", default: "10", read_by: ["start", "api"] },
  {
    name: "TAKOSUMI_LEASE_GRACE_SECONDS",
    about: "How long an overdue lease is waited for before its Run is taken as lost.",
    default: "10",
    read_by: ["start", "api"],
  },
  { name: "TAKOSUMI_DATABASE_POOL", about: "Connections to the database of one API process.", default: "20", read_by: ["start", "api"] },
  {
    name: "TAKOSUMI_DATABASE_WAIT_SECONDS",
    about: "How long a request waits for a database that cannot be reached before it is told 503.",
    default: "10",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_OIDC_CLIENT_ID",
    about: "The client that this instance is at an OpenID Connect provider: people sign in there.",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_OIDC_CLIENT_SECRET",
    about: "Its secret; without one it is a public client.",
    default: null,
    secret: true,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_OIDC_ISSUER",
    about: "The provider, by its issuer URL. Its redirect URIs here: <public URL>/auth/callback and /auth/link/google/callback.",
    default: "https://accounts.google.com",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_SIGNUP",
    about: "Who gets an account by signing in at the provider: invited, open, or domains of verified addresses, separated by commas.",
    default: "invited",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_SEED_REPOSITORIES",
    about: "Path of a JSON file: the list that GET /api/seed-repositories answers, instead of the one that comes with the product.",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_AWS_STS_ENDPOINT",
    about: "Where roles of AWS connections are assumed, instead of the region's own STS: a proxy, a VPC endpoint, a compatible service.",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_SMTP_URL",
    about: "The server that mail is handed to: smtp://user:password@host:587 or smtps://. Without it, files in <data directory>/outbox.",
    default: null,
    secret: true,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_MAIL_FROM",
    about: "Whom mail comes from: an address, or Name <address>.",
    default: "takosumi@<host of TAKOSUMI_PUBLIC_URL>",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_LOG_DAYS",
    about: "Days after the end of a Run that its log is kept; 0 keeps it.",
    default: "0",
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_WEBHOOK_PRIVATE_HOSTS",
    about: "Private addresses that webhooks may reach: host, host:port, *.suffix or 10.0.0.0/8, separated by commas.",
    default: null,
    read_by: ["start", "api"],
  },
  {
    name: "TAKOSUMI_QUICKSTART",
    about: "off: npm start runs no first Capsule on an empty database.",
    default: "on",
    read_by: ["start"],
  },
  { name: "TAKOSUMI_URL", about: "Where a runner reaches the API.", default: "http://127.0.0.1:8787", read_by: ["runner"] },
  {
    name: "TAKOSUMI_RUNNER_DIR",
    about: "Work directories and source cache of a runner. Without bubblewrap it must be the same path on all runners.",
    default: "<data directory>/runner",
    read_by: ["start", "runner"],
  },
  { name: "TAKOSUMI_RUNNER_SLOTS", about: "Runs that a runner executes at once.", default: "2", read_by: ["start", "runner"] },
  {
    name: "TAKOSUMI_RUNNER_NAME",
    about: "What a runner is called in GET /runners.",
    default: "the host name",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_TOFU_BIN",
    about: "The tofu to use before any other; else the one on PATH, an installed one, or terraform.",
    default: null,
    read_by: ["start", "runner", "test"],
  },
  {
    name: "TAKOSUMI_CACHE_DIR",
    about: "Where installed tools are kept.",
    default: "~/.cache/takosumi",
    read_by: ["start", "runner", "test"],
  },
  {
    name: "TAKOSUMI_PROVIDER_MIRROR",
    about: "A filesystem mirror directory that providers are installed from.",
    default: null,
    read_by: ["start", "runner", "test"],
  },
  {
    name: "TAKOSUMI_SANDBOX",
    about: "auto uses bubblewrap where it is there; require refuses to run without it; none runs without it.",
    default: "auto",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_SANDBOX_NETWORK",
    about: "none gives module code no network: providers with an API cannot work then.",
    default: "shared",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_CANCEL_GRACE_SECONDS",
    about: "How long an interrupted tool may take to save its state before it is killed.",
    default: "30",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_STOP_GRACE_SECONDS",
    about: "The same when the runner stops.",
    default: "8",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_RUN_OUTPUT_BYTES",
    about:
      "Output that the log of one Run keeps. Of what is more only the end of each command's, after a line that says how much is missing.",
    default: "67108864",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_RUN_OUTPUT_STOP_BYTES",
    about: "Output and events at which a Run is interrupted and fails. At most three quarters of `TAKOSUMI_RUN_FILE_BYTES`.",
    default: "1610612736",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_RUN_FILE_BYTES",
    about: "Largest file that one Run may write; 0 is unlimited.",
    default: "2147483648",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_RUN_PROCESSES",
    about: "Processes and threads of one Run's command: a cgroup where one can be made, else of all Runs together; 0 is unlimited.",
    default: "4096",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_RUN_MEMORY_BYTES",
    about: "Memory of one Run's processes together, by a cgroup; where none can be made the Run says that it is unlimited. 0 is unlimited.",
    default: "0",
    read_by: ["start", "runner"],
  },
  { name: "TAKOSUMI_RUN_CPU_SECONDS", about: "CPU time of one Run; 0 is unlimited.", default: "0", read_by: ["start", "runner"] },
  {
    name: "TAKOSUMI_RUN_DISK_BYTES",
    about: "Bytes below the directory of one Run; 0 is unlimited.",
    default: "10737418240",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_SOURCE_CACHE_BYTES",
    about: "Sources that a runner keeps to save downloads.",
    default: "1073741824",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_GIT_PRIVATE_HOSTS",
    about: "Hosts of git sources that may have private addresses: host, host:port, *.suffix or 10.0.0.0/8, separated by commas.",
    default: null,
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_GIT_FILE_ROOTS",
    about: "Directories of a runner below which git sources may be file:// repositories, separated by colons.",
    default: null,
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_CA_CERTIFICATES",
    about:
      "Path of a PEM file: certificate authorities that are trusted beside the machine's, by API, runners, git, the tool and its providers.",
    default: null,
    read_by: ["start", "api", "runner"],
  },
  {
    name: "TAKOSUMI_SSH_KNOWN_HOSTS",
    about: "Path of a known_hosts file: host keys that are pinned for every git source and module over ssh.",
    default: null,
    read_by: ["start", "runner"],
  },
  { name: "TAKOSUMI_GIT_SECONDS", about: "How long the fetch of one git source may take.", default: "300", read_by: ["start", "runner"] },
  {
    name: "TAKOSUMI_GIT_BYTES",
    about: "Largest git source: of the pack that comes, and of the files in it.",
    default: "268435456",
    read_by: ["start", "runner"],
  },
  {
    name: "TAKOSUMI_WORK_DIRS",
    about: "Planned work directories that a runner keeps for their apply.",
    default: "64",
    read_by: ["start", "runner"],
  },
  { name: "TAKOSUMI_WORK_HOURS", about: "How long it keeps them.", default: "36", read_by: ["start", "runner"] },
  { name: "TAKOSUMI_TEST_TOFU", about: "The tofu that npm test runs Runs with.", default: "one built into the cache", read_by: ["test"] },
] as const satisfies readonly Setting[];

export type SettingName = (typeof settings)[number]["name"];
