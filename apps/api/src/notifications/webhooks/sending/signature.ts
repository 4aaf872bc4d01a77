import { createHmac } from "node:crypto";

/** The headers that prove a body: when it was sent, and the HMAC of both under the webhook's secret. */
export function signed(secret: string, body: string, now = Date.now()): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000));
  const mac = createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex");
  return { "x-takosumi-timestamp": timestamp, "x-takosumi-signature": `sha256=${mac}` };
}
