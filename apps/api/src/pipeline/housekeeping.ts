import { forgetDenials } from "@takosumi/db/audit-denials";
import { repeat } from "@takosumi/run-engine/repeat";
import { forgetExpired } from "../identity/oauth-server/repository.ts";
import { forgetSignIns } from "../identity/sign-in/repository.ts";
import { forgetMail } from "../mail/repository.ts";
import { tellExpiring } from "../notifications/expiring/service.ts";
import { forgetNotifications } from "../notifications/notifications/repository.ts";
import { forgetDeliveries } from "../notifications/webhooks/repository.ts";
import type { Resources } from "../resources.ts";
import { forgetInvitations } from "../tenancy/invitations/repository.ts";
import { purgeSpaces } from "../tenancy/spaces/lifecycle.ts";
import { forgetAttempts } from "./attempts/repository.ts";
import { forgetClaims } from "./repository.ts";

const everySeconds = 5 * 60;
const batch = 1_000;
/** Batches of one round, so that a round ends; what is left is the next one's. */
const batches = 50;
/** Spaces of one round. */
const purges = 20;
const denialsKept = 24 * 3_600_000;

/** Removes what has expired, and warns of what is about to. Any number of processes may do it at once. */
export const keepHouse = ({ db, log }: Pick<Resources, "db" | "log">): { close(): Promise<void> } =>
  repeat(
    everySeconds,
    (signal) => tidy(db, signal),
    (err) => log.warn({ err }, "expired rows could not be removed: the next round tries again"),
  );

/** One round. */
export async function tidy(db: Resources["db"], signal: AbortSignal): Promise<void> {
  for (let i = 0; i < batches && !signal.aborted; i++) if ((await forgetClaims(db, batch)) < batch) break;
  await tellExpiring(db);
  await forgetMail(db, batch);
  for (let i = 0; i < batches && !signal.aborted; i++) if ((await forgetSignIns(db, batch)) < batch) break;
  await forgetNotifications(db, batch);
  await forgetDeliveries(db, batch);
  for (let i = 0; i < batches && !signal.aborted; i++) if ((await forgetExpired(db, batch)) < batch) break;
  await forgetAttempts(db);
  await forgetInvitations(db, batch);
  await purgeSpaces(db, purges);
  await forgetDenials(db, new Date(Date.now() - denialsKept));
}
