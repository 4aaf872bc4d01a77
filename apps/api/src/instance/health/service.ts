import { setTimeout as pause } from "node:timers/promises";
import { isMigrated } from "@takosumi/db/migrate";
import type { Resources } from "../../resources.ts";
import { canarySetting } from "../master-key.ts";
import { readSetting } from "../repository.ts";
import { anyRunnerOnline } from "./repository.ts";

export interface Check {
  readonly name: "database" | "migrations" | "blobs" | "key" | "runners";
  readonly ok: boolean;
  readonly message: string | null;
}
type Needs = Pick<Resources, "db" | "blobs" | "keyring">;

/** Longest time that one check may take. */
const patience = 2_000;
/** Probes that come faster share one look. */
const fresh = 500;

/** What is in order and what is not. Messages are ours: they go to whoever asks, signed in or not. */
export function readiness({ db, blobs, keyring }: Needs): (withRunners: boolean) => Promise<readonly Check[]> {
  const check = async (name: Check["name"], wrong: string, look: () => Promise<boolean>): Promise<Check> => {
    const clock = new AbortController();
    const late = pause(patience, false, { signal: clock.signal, ref: false }).catch(() => false);
    const ok = await Promise.race([look().catch(() => false), late]);
    clock.abort();
    return { name, ok, message: ok ? null : wrong };
  };
  const always = () => [
    check("database", "The database does not answer", () => db.ping().then(() => true)),
    check("migrations", "The database is not migrated to this version", () => isMigrated(db)),
    check("blobs", "The blob storage does not take and give back a probe", () => blobs.check().then(() => true)),
    check("key", "The master key is not the one that sealed this data", async () => {
      await keyring.verifyCanary((await readSetting(db, canarySetting)) ?? "");
      return true;
    }),
  ];
  const runners = () => check("runners", "No runner was heard of in the last 30 seconds", () => anyRunnerOnline(db));
  const looks = new Map<boolean, { readonly checks: Promise<readonly Check[]>; readonly at: number }>();
  return (withRunners) => {
    const last = looks.get(withRunners);
    if (last && performance.now() - last.at < fresh) return last.checks;
    const checks = Promise.all(withRunners ? [...always(), runners()] : always());
    looks.set(withRunners, { checks, at: performance.now() });
    return checks;
  };
}
