import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { diskBlobs } from "@takosumi/blobs/disk";
import { diskNotes } from "@takosumi/blobs/notes";
import { StartError } from "@takosumi/contracts/instance/start-errors";
import { DatabaseUnavailable } from "@takosumi/db/errors";
import { openEngine } from "@takosumi/run-engine/engine";
import { engineDefaults } from "@takosumi/run-engine/settings";
import type { FastifyInstance } from "fastify";
import { Anchoring } from "./deploy/audit/anchoring.ts";
import { authority, type Env } from "./env.ts";
import { bootstrap } from "./identity/bootstrap/service.ts";
import { openOauthServer } from "./identity/oauth-server/server.ts";
import { oidcProvider } from "./identity/oidc/provider.ts";
import { openUses } from "./identity/tokens/uses.ts";
import { openDatabase } from "./instance/database.ts";
import { openInstanceKeyring } from "./instance/master-key.ts";
import type { Log } from "./logger.ts";
import { filePost } from "./mail/file-post.ts";
import { openSending } from "./mail/sending.ts";
import { smtpPost } from "./mail/smtp-post.ts";
import { openMailing } from "./notifications/mailing/service.ts";
import { openInbox } from "./notifications/notifications/inbox.ts";
import { openDelivering } from "./notifications/webhooks/sending/deliver.ts";
import { keepHouse } from "./pipeline/housekeeping.ts";
import type { Resources } from "./resources.ts";
import { serveApi } from "./server.ts";
import { readSeeds } from "./tenancy/seed-repositories/read.ts";

export interface Started {
  /** `http://host:port` that it listens on. */
  readonly url: string;
  /** Ends streams, lets requests finish, closes everything, in the reverse order of opening. */
  close(): Promise<void>;
}
type Close = () => Promise<void>;

/** Opens everything, migrates, and listens. What was opened is closed again where a later step fails. */
export async function startApi(env: Env, log: Log, version: string): Promise<Started> {
  const opened: Close[] = [];
  const close = async () => {
    for (let one = opened.pop(); one; one = opened.pop())
      await one().catch((err: unknown) => log.warn({ err }, "something did not close well"));
  };
  try {
    const url = await open(env, log, version, opened);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(env: Env, log: Log, version: string, opened: Close[]): Promise<string> {
  await mkdir(env.TAKOSUMI_DATA_DIR, { recursive: true, mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    throw new StartError("configuration", `TAKOSUMI_DATA_DIR: ${env.TAKOSUMI_DATA_DIR} cannot be made (${error.code})`);
  });
  const anchoring = new Anchoring();
  const db = await openDatabase(env, log, anchoring.note);
  opened.push(() => db.close());
  const keyring = await openInstanceKeyring(db, env);
  const directory = join(env.TAKOSUMI_DATA_DIR, "blobs");
  const blobs = await diskBlobs({ directory, keyring });
  const anchors = diskNotes({ directory, name: "audit", keyring });
  const anchored = anchoring.start(anchors, log);
  opened.push(() => anchored.close());
  const engine = await openEngine({
    db,
    blobs,
    keyring,
    // A database that is away is waited for: the next round finds it again.
    onError: (err) => log[err instanceof DatabaseUnavailable ? "warn" : "error"]({ err }, "a background task of the run engine failed"),
    settings: {
      ...engineDefaults,
      leaseSeconds: env.TAKOSUMI_LEASE_SECONDS,
      renewSeconds: env.TAKOSUMI_LEASE_RENEW_SECONDS,
      graceSeconds: env.TAKOSUMI_LEASE_GRACE_SECONDS,
      logDays: env.TAKOSUMI_LOG_DAYS,
      stsEndpoint: env.TAKOSUMI_AWS_STS_ENDPOINT,
    },
  });
  opened.push(() => engine.close());
  const settings = {
    version,
    public_url: env.TAKOSUMI_PUBLIC_URL,
    browser_origins: env.TAKOSUMI_BROWSER_ORIGINS,
    webhook_hosts: env.TAKOSUMI_WEBHOOK_PRIVATE_HOSTS,
    signup: env.TAKOSUMI_SIGNUP,
    seed_repositories: readSeeds(env.TAKOSUMI_SEED_REPOSITORIES),
    scratch: join(env.TAKOSUMI_DATA_DIR, "scratch"),
    limits: {
      principal: env.TAKOSUMI_RATE_LIMIT,
      address: env.TAKOSUMI_ADDRESS_RATE_LIMIT,
      sign_in: env.TAKOSUMI_SIGN_IN_RATE_LIMIT,
      token: env.TAKOSUMI_TOKEN_RATE_LIMIT,
      user_code: env.TAKOSUMI_USER_CODE_RATE_LIMIT,
      device_code: env.TAKOSUMI_DEVICE_CODE_RATE_LIMIT,
      registration: env.TAKOSUMI_REGISTRATION_RATE_LIMIT,
      client_failure: env.TAKOSUMI_CLIENT_FAILURE_RATE_LIMIT,
    },
  };
  const inbox = await openInbox(db);
  opened.push(() => inbox.close());
  const oauth = await openOauthServer({ db, keyring, log, settings });
  opened.push(() => oauth.close());
  const resources: Resources = { db, keyring, blobs, engine, anchors, inbox, oauth, oidc: oidcOf(env), log, settings };
  const tokens = { bootstrapToken: env.TAKOSUMI_BOOTSTRAP_TOKEN, runnerToken: env.TAKOSUMI_RUNNER_TOKEN };
  const { first, tokenRevoked } = await bootstrap(db, tokens);
  if (first) log.info("the first owner was made");
  if (tokenRevoked) log.warn("TAKOSUMI_BOOTSTRAP_TOKEN was revoked and stays so: choose another one");
  const house = keepHouse(resources);
  opened.push(() => house.close());
  const post = env.TAKOSUMI_SMTP_URL
    ? smtpPost(env.TAKOSUMI_SMTP_URL, env.TAKOSUMI_MAIL_FROM)
    : filePost(join(env.TAKOSUMI_DATA_DIR, "outbox"), env.TAKOSUMI_MAIL_FROM);
  const sending = await openSending(resources, post);
  opened.push(() => sending.close());
  const mailing = await openMailing(resources);
  opened.push(() => mailing.close());
  const delivering = await openDelivering(resources, settings.webhook_hosts);
  opened.push(() => delivering.close());
  const uses = openUses(resources);
  opened.push(() => uses.close());
  const app = await serveApi(resources, uses, {
    surfaces: env.TAKOSUMI_SURFACES,
    trustedProxies: env.TAKOSUMI_TRUSTED_PROXIES,
    streams: { each: env.TAKOSUMI_STREAMS, stalled: env.TAKOSUMI_STREAM_STALL_SECONDS * 1_000 },
  });
  opened.push(async () => app.close());
  const url = await listen(app, env);
  if (env.PORT === 0) settings.public_url = settings.public_url.replace(/:0$/, `:${new URL(url).port}`);
  return url;
}

const oidcOf = ({ TAKOSUMI_OIDC_ISSUER: issuer, TAKOSUMI_OIDC_CLIENT_ID: client_id, TAKOSUMI_OIDC_CLIENT_SECRET: client_secret }: Env) =>
  client_id === undefined ? null : oidcProvider({ issuer, client_id, client_secret });

async function listen(app: FastifyInstance, { PORT: port, HOST: host }: Env): Promise<string> {
  try {
    await app.listen({ port, host });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw new StartError("port_taken", `Port ${port} on ${host} is in use: stop what listens there, or set PORT to another one`);
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
      throw new StartError("configuration", `The API cannot listen on ${host}, port ${port} (${code}): set HOST and PORT`);
    throw error;
  }
  const address = app.server.address();
  return `http://${authority(host)}:${typeof address === "object" && address ? address.port : port}`;
}
