import { newId, prefixes } from "@takosumi/contracts/ids";
import type { Db } from "@takosumi/db/db";
import { tell } from "@takosumi/db/notifications";
import { expiringTokens } from "./repository.ts";

const batch = 500;

/** Tells owners of tokens that end soon, 7 days before and 1 day before, each once. */
export async function tellExpiring(db: Db): Promise<void> {
  for (const { id, user_id, workspace_id, name, expires_at, days } of await expiringTokens(db, batch)) {
    const when = days === 1 ? "within a day" : "within a week";
    const notification = {
      id: newId(prefixes.notification),
      user_id,
      workspace_id,
      run_id: null,
      type: "token.expiring",
      subject: `${id} ${days}`,
      title: `The token ${name} ends ${when}`,
      body: `It is refused from ${expires_at.toISOString()} on. Make another one, and give it to whatever shows this one.`,
      data: { token_id: id, name, expires_at: expires_at.toISOString(), days },
    };
    await db.transaction((tx) => tell(tx, [notification]));
  }
}
