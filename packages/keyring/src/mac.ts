import { createHmac, timingSafeEqual } from "node:crypto";
import type { DataKey } from "./data-key.ts";
import { additionalData, type Place } from "./place.ts";
import { SealError } from "./seal-error.ts";

/** `tm1.<data key id>.<base64url of HMAC-SHA256>`. The place is hashed in front of the data, length-prefixed. */
const version = "tm1";

export function macOf(key: DataKey, place: Place, data: Uint8Array | string): string {
  const hmac = createHmac("sha256", key.mac).update(additionalData("takosumi/mac/v1", `${version}.${key.id}`, place));
  return `${version}.${key.id}.${hmac.update(data).digest("base64url")}`;
}

/** The id of the key that made a MAC. */
export function keyOfMac(mac: string): string {
  const [tag, id, , more] = mac.length > 256 ? [] : mac.split(".", 4);
  if (tag !== version || id === undefined || more !== undefined) throw new SealError();
  return id;
}

export function macMatches(key: DataKey, place: Place, data: Uint8Array | string, mac: string): boolean {
  const expected = Buffer.from(macOf(key, place, data));
  const given = Buffer.from(mac);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
