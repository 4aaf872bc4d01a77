import { backoffSeconds, mostAttempts } from "../outgoing/backoff.ts";
import { openWorker } from "../outgoing/worker.ts";
import type { Resources } from "../resources.ts";
import { openMail } from "./message.ts";
import { MailRefused, type Post } from "./post.ts";
import { claimMail, type DueMail, endMail, mailChannel, retryMail } from "./repository.ts";

type Needs = Pick<Resources, "db" | "keyring" | "log">;
const atOnce = 4;

/**
 * Sends queued mail in the background, at least once: where a process dies between the server's yes and the note of it, the same mail
 * goes out again with the same Message-ID. Logs name the mail and its purpose, never its receiver or a word of it.
 */
export const openSending = ({ db, keyring, log }: Needs, post: Post): Promise<{ close(): Promise<void> }> =>
  openWorker<DueMail & { readonly expired: boolean }>(db, {
    channel: mailChannel,
    atOnce,
    claim: (most) => claimMail(db, most),
    send: (mail) => sendOne({ db, keyring, log }, post, mail),
    onError: (err) => log.warn({ err }, "mail could not be looked after: the next round tries again"),
  });

async function sendOne({ db, keyring, log }: Needs, post: Post, mail: DueMail & { readonly expired: boolean }): Promise<void> {
  const about = { mail_id: mail.id, purpose: mail.purpose, attempts: mail.attempts };
  if (mail.expired) {
    await endMail(db, mail, "dead", "expired");
    return log.warn(about, "a mail was given up: what it offered is over");
  }
  try {
    await post(mail.id, await openMail({ keyring }, mail.id, mail.sealed));
  } catch (error) {
    const failure = error instanceof Error ? error.message.slice(0, 200) : "failed";
    if (error instanceof MailRefused || mail.attempts >= mostAttempts) {
      await endMail(db, mail, "dead", failure);
      return log.warn({ ...about, failure }, "a mail was given up");
    }
    await retryMail(db, mail, backoffSeconds(mail.attempts), failure);
    return log.info({ ...about, failure }, "a mail could not be sent: it is tried again");
  }
  await endMail(db, mail, "sent", null);
  log.info(about, "a mail was sent");
}
