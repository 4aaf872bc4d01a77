/** The prefix of every id, by what it names. */
export const prefixes = {
  workspace: "ws_",
  project: "prj_",
  capsule: "cap_",
  source: "src_",
  snapshot: "snap_",
  connection: "conn_",
  secret: "sec_",
  run: "run_",
  artifact: "art_",
  state_version: "sv_",
  audit_event: "aud_",
  token: "pat_",
  runner: "rnr_",
  runner_pool: "pool_",
  runner_token: "rtk_",
  user: "usr_",
  mail: "mail_",
  session: "ses_",
  identity: "idn_",
  notification: "ntf_",
  webhook: "hook_",
  event: "evt_",
  webhook_delivery: "dlv_",
  oauth_client: "oac_",
  oauth_consent: "ocn_",
  oauth_grant: "oag_",
  invitation: "inv_",
  shortcut: "sct_",
  shortcut_group: "grp_",
  shortcut_item: "itm_",
} as const;
/** What follows the prefix in examples. */
export const exampleEnd = "01jd4r6m3xk8q2v7n5t9c0hbwe";
export type Named = keyof typeof prefixes;
export type Prefix = (typeof prefixes)[Named];

/** Crockford's base 32 in lower case: sorts as its numbers do, and has no i, l, o, u. */
const digits = "0123456789abcdefghjkmnpqrstvwxyz";
const timeDigits = 10;
const randomDigits = 16;

let lastTime = 0;
const tail = new Uint8Array(randomDigits);

/** `cap_` -> "cap_" and 26 characters: 10 of the time in milliseconds, 16 random. Ids of one process never sort before an earlier one. */
export function newId<const P extends Prefix>(prefix: P, now: number = Date.now()): `${P}${string}` {
  if (now > lastTime) {
    lastTime = now;
    crypto.getRandomValues(tail);
    // The first digit starts in the lower half: room to count up within a millisecond.
    tail.forEach((byte, i) => (tail[i] = i === 0 ? byte & 15 : byte & 31));
  } else countUp();
  let id = "";
  for (let rest = lastTime, i = 0; i < timeDigits; i++, rest = Math.floor(rest / 32)) id = digits[rest % 32] + id;
  for (const digit of tail) id += digits[digit];
  return `${prefix}${id}`;
}

/** The next id of the same millisecond: a random step, so that a neighbour cannot be guessed. */
function countUp(): void {
  let carry = 1 + (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
  for (let i = randomDigits - 1; i >= 0 && carry > 0; i--) {
    const sum = (tail[i] ?? 0) + (carry % 32);
    tail[i] = sum & 31;
    carry = Math.floor(carry / 32) + (sum >> 5);
  }
}

/** "run_01j…" -> "run"; undefined for a prefix that nothing has. */
export const namedBy = (id: string): Named | undefined => {
  const prefix = id.slice(0, id.indexOf("_") + 1);
  return (Object.keys(prefixes) as Named[]).find((name) => prefixes[name] === prefix);
};
