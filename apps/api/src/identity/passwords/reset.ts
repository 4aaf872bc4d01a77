import { ApiError } from "@takosumi/contracts/errors";
import { hashToken } from "@takosumi/keyring/tokens";
import { sealMail } from "../../mail/message.ts";
import { queueMail } from "../../mail/repository.ts";
import type { Resources } from "../../resources.ts";
import type { Tx } from "../../world.ts";
import { type AccountRow, readAccount } from "../account/repository.ts";
import { endOtherSessions } from "../sessions/repository.ts";
import { newCode } from "../sign-in/codes.ts";
import { insertCode, useCode } from "../sign-in/repository.ts";
import { hashPassword } from "./hash.ts";
import { findAddress, writePassword } from "./repository.ts";
import { refuseUsername } from "./service.ts";

/**
 * Mails a code to the address of the account, if there is one that was shown to be theirs. Says nothing of whether there is, and takes as
 * long: for nobody a mail is written and sealed as well.
 */
export async function mailReset(
  { db, keyring, settings }: Pick<Resources, "db" | "keyring" | "settings">,
  username: string,
): Promise<void> {
  const found = await findAddress(db, username.trim().replace(/^@/, "").toLowerCase());
  const { code, row } = newCode(found?.id ?? "", "reset");
  const text = `Somebody, perhaps you, asked for a new password of the account ${found?.username} at Takosumi.

To choose one, within ten minutes:
${settings.public_url}/console/reset#${code}

If it was not you, do nothing: the password stays as it is.
`;
  const mail = await sealMail(
    { keyring },
    "password reset",
    { to: found?.email ?? "", subject: "A new password for Takosumi", text },
    row.expires_at,
  );
  await db.transaction(async (tx) => {
    if (!found) return;
    await insertCode(tx, row);
    await queueMail(tx, mail);
  });
}

/** Hashed outside of any transaction. */
export const prepareReset = async (password: string): Promise<NewPassword> => ({ password, hash: await hashPassword(password) });
interface NewPassword {
  readonly password: string;
  readonly hash: string;
}

/** Sets the password for whoever holds the code of a mail, and ends every session. */
export async function resetPassword(tx: Tx, code: string, { password, hash }: NewPassword): Promise<AccountRow> {
  const person = await useCode(tx, hashToken(code), "reset");
  if (!person)
    throw new ApiError("UNAUTHORIZED", "The code is wrong, was used before, or is too old: ask for another one", { reason: "invalid" });
  const account = await readAccount(tx, person.id);
  refuseUsername("new_password", password, account.username);
  await writePassword(tx, person.id, hash);
  await endOtherSessions(tx, person.id, "");
  return account;
}
