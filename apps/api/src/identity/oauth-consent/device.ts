import type { OauthScope } from "@takosumi/contracts/access";
import { ApiError } from "@takosumi/contracts/errors";
import { sentencesOf } from "@takosumi/contracts/identity/scope-sentences";
import { newId, prefixes } from "@takosumi/contracts/ids";
import type { OauthClientRow } from "@takosumi/db/rows";
import { hashToken } from "@takosumi/keyring/tokens";
import type { Origin, Principal } from "@takosumi/transport/application";
import { actorOf } from "../../pipeline/actor.ts";
import type { Resources } from "../../resources.ts";
import { extendConsent } from "../oauth-access/repository.ts";
import { findActiveClient } from "../oauth-clients/repository.ts";
import { record } from "../oauth-server/record.ts";
import { insertGrant } from "../oauth-server/repository.ts";
import { csrfFor, csrfMatches } from "./csrf.ts";
import { allowDevice, answerOf, denyDevice, findWaiting, signedInOf, type WaitingDevice } from "./repository.ts";

type Needs = Pick<Resources, "db" | "keyring">;

export interface AskingDevice {
  readonly client: OauthClientRow;
  readonly scopes: ReturnType<typeof sentencesOf>;
  /** "BCDF-GHJK" */
  readonly user_code: string;
  readonly csrf_token: string;
}
export interface Told {
  readonly status: "approved" | "denied" | "error";
  readonly title: string;
  readonly message: string;
}
export const unknownCode: Told = {
  status: "error",
  title: "No device with this code",
  message: "The code is wrong, too old, or was answered already. Look at the device again, or begin there anew.",
};

const answers: Record<"approved" | "denied" | "none", Told> = {
  approved: { status: "approved", title: "Device allowed", message: "It goes on by itself. You can close this page." },
  denied: { status: "denied", title: "Device turned away", message: "It gets no access. You can close this page." },
  none: unknownCode,
};

/** "bcdf ghjk" -> "BCDFGHJK" */
const normal = (code: string) => code.toUpperCase().replace(/[^A-Z0-9]/g, "");
const question = (code: string) => ["device", normal(code)];

/** The device that shows a code, and what it asks for; null where there is none. A device is never allowed without being asked about. */
export async function deviceOf(resources: Needs, code: string, who: Principal): Promise<AskingDevice | null> {
  const found = await lookUp(resources, code);
  if (!found) return null;
  const { client, device } = found;
  const text = normal(code);
  return {
    client,
    scopes: sentencesOf(device.scope.split(" ") as OauthScope[]),
    user_code: `${text.slice(0, 4)}-${text.slice(4)}`,
    csrf_token: await csrfFor(resources, who, question(code)),
  };
}

/** The person's answer. Throws FORBIDDEN where this person was not asked. */
export async function decideDevice(
  resources: Needs,
  code: string,
  approve: boolean,
  csrf: string,
  who: Principal,
  from: Origin,
): Promise<Told> {
  if (!(await csrfMatches(resources, who, question(code), csrf)))
    throw new ApiError("FORBIDDEN", "This page is too old, or was opened by somebody else: enter the code again", { reason: "csrf" });
  const { db } = resources;
  // Whoever pressed twice is told what the first time did.
  const earlier = async () => answers[(await answerOf(db, hashToken(normal(code)), who.id)) ?? "none"];
  const found = await lookUp(resources, code);
  if (!found) return earlier();
  const { device } = found;
  const about = { user_id: who.id, client_id: device.client_id, actor: actorOf(who) };
  if (!approve) {
    const done = await db.transaction(async (tx) => {
      const first = await denyDevice(tx, device.id);
      if (first) await record(tx, from, { event: "device_denied", ...about });
      return first;
    });
    return done ? answers.denied : earlier();
  }
  const done = await allow(db, device, who, (await signedInOf(db, who))?.since, (tx) =>
    record(tx, from, { event: "device_approved", ...about, details: { scopes: device.scope.split(" ") } }),
  );
  return done ? answers.approved : earlier();
}

type Recorded = Parameters<Parameters<Resources["db"]["transaction"]>[0]>[0];
class AnsweredAlready extends Error {}

/** Consent, grant and answer as one; false where somebody else answered first. */
async function allow(
  db: Resources["db"],
  device: WaitingDevice,
  who: Principal,
  since: number | undefined,
  noted: (tx: Recorded) => Promise<void>,
): Promise<boolean> {
  const scopes = device.scope.split(" ");
  try {
    await db.transaction(async (tx) => {
      const consent = await extendConsent(tx, newId(prefixes.oauth_consent), who.id, device.client_id, scopes);
      const grant = newId(prefixes.oauth_grant);
      await insertGrant(tx, grant, consent.id, scopes);
      const told = { accountId: who.id, scope: device.scope, ...(since !== undefined && { authTime: since }) };
      if (!(await allowDevice(tx, device.id, grant, told))) throw new AnsweredAlready();
      await noted(tx);
    });
    return true;
  } catch (error) {
    if (error instanceof AnsweredAlready) return false;
    throw error;
  }
}

async function lookUp({ db }: Needs, code: string): Promise<{ device: WaitingDevice; client: OauthClientRow } | null> {
  const device = await findWaiting(db, hashToken(normal(code)));
  const client = device && (await findActiveClient(db, device.client_id));
  return client ? { device, client } : null;
}
