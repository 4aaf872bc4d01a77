import { byDefault, type NotificationType } from "@takosumi/contracts/notifications/types";
import { notificationChannel } from "@takosumi/db/notifications";
import { sealMail } from "../../mail/message.ts";
import { queueMail } from "../../mail/repository.ts";
import { openWorker } from "../../outgoing/worker.ts";
import type { Resources } from "../../resources.ts";
import { type Mailable, mailable, takeMailable } from "./repository.ts";

type Needs = Pick<Resources, "db" | "keyring" | "log" | "settings">;
const batch = 50;

/** Makes mails of notifications, by each person's preference: one of each, whoever does it. */
export const openMailing = (resources: Needs): Promise<{ close(): Promise<void> }> =>
  openWorker<readonly Mailable[]>(resources.db, {
    channel: notificationChannel,
    atOnce: 1,
    claim: async () => {
      const rows = await mailable(resources.db, batch);
      return rows.length > 0 ? [rows] : [];
    },
    send: (rows) => mailAll(resources, rows),
    onError: (err) => resources.log.warn({ err }, "notifications could not be mailed: the next round tries again"),
  });

async function mailAll({ db, keyring, settings }: Needs, rows: readonly Mailable[]): Promise<void> {
  const wanted = rows.filter((row) => row.email !== null && (row.chosen ?? byDefault(row.type as NotificationType, "email")));
  await takeMailable(
    db,
    rows.filter((row) => !wanted.includes(row)).map(({ id }) => id),
  );
  for (const row of wanted) {
    const mail = { to: row.email as string, subject: row.title, text: textOf(row, settings.public_url) };
    const sealed = await sealMail({ keyring }, "notification", mail);
    await db.transaction(async (tx) => {
      const [taken] = await takeMailable(tx, [row.id]);
      if (taken) await queueMail(tx, sealed);
    });
  }
}

const textOf = ({ title, body, run_id }: Mailable, publicUrl: string): string =>
  [
    title,
    ...(body === null ? [] : [body]),
    ...(run_id === null ? [] : [`${publicUrl}/console/runs/${run_id}`]),
    `Which mails you get is yours to choose: ${publicUrl}/console/me`,
  ].join("\n\n");
