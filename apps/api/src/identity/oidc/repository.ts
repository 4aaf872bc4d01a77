import type { Queries, Tx } from "@takosumi/db/db";
import { statement } from "@takosumi/db/sql";

interface Person {
  readonly id: string;
  readonly name: string;
}
// Plan: auth_identities_subject_key.
const find = statement(
  "identity_person",
  "SELECT u.id, u.name FROM auth_identities i JOIN users u ON u.id = i.user_id WHERE i.issuer = $1 AND i.subject = $2",
);
export const personOfIdentity = (db: Queries, issuer: string, subject: string) => db.one<Person>(find, [issuer, subject]);

const insert = statement(
  "identity_insert",
  `INSERT INTO auth_identities (id, user_id, issuer, subject, email) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (issuer, subject) DO NOTHING RETURNING id`,
);
/** False where somebody has it. */
export const insertIdentity = async (
  tx: Tx,
  row: { readonly id: string; readonly user_id: string; readonly issuer: string; readonly subject: string; readonly email: string | null },
): Promise<boolean> => (await tx.one(insert, [row.id, row.user_id, row.issuer, row.subject, row.email])) !== null;

// Plan: by address among open invitations, which are few; invitations_expires_at_idx.
const invited = statement(
  "identity_invited",
  "SELECT id FROM invitations WHERE email = lower($1) AND ended_at IS NULL AND expires_at > now() LIMIT 1",
);
/** Whether some space waits for this address. */
export const isInvited = async (tx: Queries, email: string): Promise<boolean> => (await tx.one(invited, [email])) !== null;

const taken = statement(
  "identity_names_taken",
  `SELECT name FROM names WHERE name = ANY($1::text[]) UNION SELECT username FROM users WHERE username = ANY($1::text[])`,
);
export const namesTaken = async (tx: Queries, names: readonly string[]): Promise<Set<string>> =>
  new Set((await tx.query<{ name: string }>(taken, [names])).map(({ name }) => name));
