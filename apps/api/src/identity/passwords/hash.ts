import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { ApiError } from "@takosumi/contracts/errors";

/** 64 MiB each: no more than two are computed at once, and no more than so many wait. */
const atOnce = 2;
const waitingMost = 32;
const memory = 65_536;
const passes = 3;
const parallelism = 1;
const tagLength = 32;

let running = 0;
const waiting: (() => void)[] = [];
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= atOnce) {
    if (waiting.length >= waitingMost)
      throw new ApiError("UNAVAILABLE", "Too many sign-ins at this moment: try again", { reason: "busy", retry_after_ms: 2_000 });
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

const tagOf = (password: string, nonce: Buffer): Promise<Buffer> =>
  inTurn(
    () =>
      new Promise((resolve, reject) => {
        argon2("argon2id", { message: password.normalize("NFKC"), nonce, parallelism, tagLength, memory, passes }, (error, tag) =>
          error ? reject(error) : resolve(tag),
        );
      }),
  );
const text = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");
const form = /^\$argon2id\$v=19\$m=65536,t=3,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** `$argon2id$v=19$m=65536,t=3,p=1$…$…` */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${text(nonce)}$${text(await tagOf(password, nonce))}`;
}

/** Nobody's. */
const none = `$argon2id$v=19$m=65536,t=3,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;
/** Whether it is the password of this hash. Where there is no hash it costs just as much. */
export async function isPassword(password: string, hash: string | null): Promise<boolean> {
  const [, nonce = "", tag = ""] = form.exec(hash ?? none) ?? form.exec(none) ?? [];
  const same = timingSafeEqual(await tagOf(password, Buffer.from(nonce, "base64")), Buffer.from(tag, "base64"));
  return same && hash !== null;
}
