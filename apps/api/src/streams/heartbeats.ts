import { setInterval } from "node:timers/promises";

/** Proxies close what says nothing for a minute; WebSocket pings are not seen by a page's script. */
const heartbeatMs = 30_000;

/** Signs of life of a socket, until the signal. */
export async function* heartbeats(
  signal: AbortSignal,
): AsyncGenerator<readonly { readonly type: "heartbeat"; readonly timestamp: number }[]> {
  try {
    for await (const _ of setInterval(heartbeatMs, null, { signal, ref: false })) yield [{ type: "heartbeat", timestamp: Date.now() }];
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
