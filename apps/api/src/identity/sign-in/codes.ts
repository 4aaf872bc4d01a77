import type { SignInCodeRow } from "@takosumi/db/rows";
import { hashToken, mintToken } from "@takosumi/keyring/tokens";
import type { NewCode } from "./repository.ts";

const codeMs = 10 * 60_000;

/** A code that works once, within ten minutes. */
export function newCode(user_id: string, purpose: SignInCodeRow["purpose"]): { code: string; row: NewCode } {
  const code = mintToken("");
  return { code, row: { code_hash: hashToken(code), user_id, purpose, expires_at: new Date(Date.now() + codeMs) } };
}
