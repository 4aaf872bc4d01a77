import { newId, prefixes } from "@takosumi/contracts/ids";
import { instanceChain } from "@takosumi/db/audit";
import type { Place } from "@takosumi/keyring/place";
import type { Resources } from "../resources.ts";

/** A mail to one person. It may hold a link that signs somebody in: it is sealed until it is sent, and never logged. */
export interface Mail {
  /** One address, without a name. */
  readonly to: string;
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}
/** A mail that `queueMail` takes. */
export interface SealedMail {
  readonly id: string;
  /** What it is for, in a word, for logs. */
  readonly purpose: string;
  readonly sealed: string;
  /** Not sent after this: what it offers is over. */
  readonly expires_at: Date;
}

const place = (id: string): Place => ({ table: "mail_outbox", workspace: instanceChain, row: id, field: "sealed" });
const largestText = 64 * 1024;
const keptMs = 2 * 24 * 3_600_000;

/** Seals a mail, before the transaction that queues it. It is tried for two days, or until `expires_at`. */
export async function sealMail(
  { keyring }: Pick<Resources, "keyring">,
  purpose: string,
  mail: Mail,
  expires_at = new Date(Date.now() + keptMs),
): Promise<SealedMail> {
  if (mail.text.length > largestText) throw new Error(`A mail holds up to ${largestText} characters`);
  const id = newId(prefixes.mail);
  return { id, purpose, sealed: await keyring.seal(place(id), JSON.stringify(mail)), expires_at };
}

export const openMail = async ({ keyring }: Pick<Resources, "keyring">, id: string, sealed: string): Promise<Mail> =>
  JSON.parse((await keyring.open(place(id), sealed)).toString("utf8"));
