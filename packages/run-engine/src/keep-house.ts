import { Collector } from "./collect-blobs.ts";
import { compactLogs } from "./compact-logs.ts";
import { removeLogs } from "./remove-logs.ts";
import { repeat } from "./repeat.ts";
import type { EngineResources } from "./resources.ts";

/** Work that nobody waits for, each at its own pace: long logs move into blobs, old ones are removed, and blobs that nothing names are removed. */
export function keepHouse(resources: EngineResources, onError: (error: unknown) => void): { close(): Promise<void> } {
  const { compactSeconds, collectSeconds } = resources.settings;
  const collector = new Collector();
  const loops = [
    repeat(compactSeconds, () => compactLogs(resources), onError),
    repeat(collectSeconds, (signal) => removeLogs(resources, signal), onError),
    repeat(collectSeconds, async (signal) => void (await collector.round(resources, signal)), onError),
  ];
  return { close: async () => void (await Promise.all(loops.map((loop) => loop.close()))) };
}
