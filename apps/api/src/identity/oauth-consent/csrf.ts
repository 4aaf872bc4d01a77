import { instanceChain } from "@takosumi/db/audit";
import type { Principal } from "@takosumi/transport/application";
import type { Resources } from "../../resources.ts";

const place = { table: "oauth_consents", workspace: instanceChain, row: "csrf", field: "token" } as const;
const lifetime = 600;
/** Who asks in which session about what: a page of one person answers nothing for another who signed in since. */
const bound = ({ id, token_id }: Principal, question: readonly string[], until: string) =>
  JSON.stringify([id, token_id, until, ...question]);

/** `<until>.<mac>`: proves that this person was shown this question. */
export async function csrfFor({ keyring }: Pick<Resources, "keyring">, who: Principal, question: readonly string[]): Promise<string> {
  const until = String(Math.floor(Date.now() / 1_000) + lifetime);
  return `${until}.${await keyring.mac(place, bound(who, question, until))}`;
}

export async function csrfMatches(
  { keyring }: Pick<Resources, "keyring">,
  who: Principal,
  question: readonly string[],
  shown: string,
): Promise<boolean> {
  const dot = shown.indexOf(".");
  const until = shown.slice(0, dot);
  if (!/^\d{1,12}$/.test(until) || Number(until) * 1_000 < Date.now()) return false;
  return keyring.verifyMac(place, bound(who, question, until), shown.slice(dot + 1));
}
