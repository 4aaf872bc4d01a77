import { administer } from "@takosumi/db/clone";
import { statement } from "@takosumi/db/sql";
import type { TestDatabase } from "./database.ts";

/** Tables whose rows are no fact that somebody answers for, and why. Every other one is watched, also those that come later. */
const technical: Readonly<Record<string, string>> = {
  _prisma_migrations: "the schema",
  audit_chains: "the audit itself",
  audit_events: "the audit itself",
  audit_denials: "the audit itself",
  idempotency_claims: "answers kept for a day",
  attempts: "counted for a minute",
  instance_settings: "the processes' own notes",
  data_keys: "made by the first use of a Workspace",
  run_events: "the log of a Run",
  run_changes: "part of the plan that its Run records",
  run_log_segments: "the same log, elsewhere",
  queue_turns: "whose turn it is",
  checkpoints: "what a Run at work has saved so far",
  mail_outbox: "what is to be sent, of what is recorded where it happens",
  notifications: "the same, for people to read",
  notification_preferences: "what a person wants to hear of",
  notification_settings: "the same",
  webhook_deliveries: "what is to be sent",
  watched_changes: "of the test",
};
/** Which updates of a table count, where not all do. */
const counted: Readonly<Record<string, string>> = {
  runs: "OLD.status IS DISTINCT FROM NEW.status",
  webhooks: "(OLD.url, OLD.events, OLD.active, OLD.secret) IS DISTINCT FROM (NEW.url, NEW.events, NEW.active, NEW.secret)",
  runners: "(OLD.draining, OLD.registered_at) IS DISTINCT FROM (NEW.draining, NEW.registered_at)",
  sessions: "OLD.last_used_at IS NOT DISTINCT FROM NEW.last_used_at",
  personal_access_tokens: "OLD.last_used_at IS NOT DISTINCT FROM NEW.last_used_at",
};

const tables = statement(
  "test_tables",
  "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
);
const silent = statement(
  "test_unaudited",
  `SELECT DISTINCT w.what FROM watched_changes w WHERE w.what <> 'audit_events'
     AND NOT EXISTS (SELECT 1 FROM watched_changes a WHERE a.xid = w.xid AND a.what = 'audit_events') ORDER BY 1`,
);
const heard = statement("test_audited", "SELECT DISTINCT what FROM watched_changes ORDER BY 1");

/** Watches from now on which rows the api changes in which transaction, and which transactions append to the audit. */
export async function watchMutations({ url, db }: TestDatabase) {
  const names = (await db.query<{ name: string }>(tables)).map(({ name }) => name).filter((name) => !(name in technical));
  await administer(
    url,
    "CREATE TABLE watched_changes (xid xid8 NOT NULL, what text NOT NULL)",
    `CREATE FUNCTION watch_change() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF current_setting('application_name') = 'takosumi api' THEN INSERT INTO watched_changes VALUES (pg_current_xact_id(), TG_ARGV[0]); END IF;
       RETURN NULL;
     END $$`,
    "CREATE TRIGGER watch AFTER INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION watch_change('audit_events')",
    ...names.flatMap((name) => [
      `CREATE TRIGGER watch_rows AFTER INSERT OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION watch_change('${name}')`,
      `CREATE TRIGGER watch_updates AFTER UPDATE ON ${name} FOR EACH ROW WHEN (${counted[name] ?? "true"}) EXECUTE FUNCTION watch_change('${name}')`,
    ]),
  );
  return {
    /** Tables that changed in a transaction without an event. */
    unaudited: async () => (await db.query<{ what: string }>(silent)).map(({ what }) => what),
    /** Tables that changed at all. */
    changed: async () => (await db.query<{ what: string }>(heard)).map(({ what }) => what),
  };
}
