import type { Mail } from "./message.ts";

/** Takes a mail to where it goes. Rejects with a MailRefused, or with any other error where another try may help. */
export type Post = (id: string, mail: Mail) => Promise<void>;

/** What a server said that it will say again. */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
}

/** The message in terms of the library. The id makes it the same message in every try, so that a mailbox can tell a repeat. */
export const composed = (from: string, id: string, { to, subject, text }: Mail) => ({
  from,
  to: { name: "", address: to },
  subject,
  text,
  messageId: `<${id}@${from.slice(from.lastIndexOf("@") + 1).replace(/>.*$/, "")}>`,
  headers: { "Auto-Submitted": "auto-generated" },
  disableFileAccess: true,
  disableUrlAccess: true,
});
