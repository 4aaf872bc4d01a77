// The tools' cache: where it is, one installer at a time, and files that appear whole or not at all.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./env.mjs";

export const say = (text) => console.log(`tofu: ${text}`);

/** Runs `work` while no other installer runs on this cache; waits for one that does, and takes over from one that died. */
export async function alone(name, work) {
  mkdirSync(cacheDir, { recursive: true });
  const lock = join(cacheDir, `${name}.lock`);
  let said = false;
  while (!claim(lock)) {
    const holder = holderOf(lock);
    if (holder !== null && !isAlive(holder)) {
      takeAway(lock, holder);
      continue;
    }
    if (!said) say(`another installer (process ${holder ?? "?"}) is at work on ${cacheDir}; waiting for it`);
    said = true;
    await new Promise((wake) => setTimeout(wake, 500));
  }
  const release = () => rmSync(lock, { recursive: true, force: true });
  // Without this Ctrl-C would leave a lock behind; the next installer would still see that its holder is dead.
  const onSignal = () => {
    release();
    process.exit(130);
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await work();
  } finally {
    process.removeListener("SIGINT", onSignal).removeListener("SIGTERM", onSignal);
    release();
  }
}

/** A folder is made by one process only; its file says by whom, and is written before the folder has its name. */
function claim(lock) {
  const mine = `${lock}.${process.pid}`;
  rmSync(mine, { recursive: true, force: true });
  mkdirSync(mine);
  writeFileSync(join(mine, "pid"), String(process.pid));
  try {
    renameSync(mine, lock);
    return true;
  } catch {
    rmSync(mine, { recursive: true, force: true });
    return false;
  }
}

function holderOf(lock) {
  try {
    return Number(readFileSync(join(lock, "pid"), "utf8"));
  } catch {
    return null;
  }
}

function takeAway(lock, dead) {
  const aside = `${lock}.dead.${process.pid}`;
  try {
    renameSync(lock, aside);
    // Somebody may have taken over between looking and renaming: then this lock is theirs, and goes back.
    if (holderOf(aside) !== dead) renameSync(aside, lock);
  } catch {
    // Already taken away by another.
  }
  rmSync(aside, { recursive: true, force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Fills a new folder beside `target` and gives it that name when `fill` is done: nobody sees it half-made. */
export async function appear(target, fill) {
  const partial = `${target}.partial-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    await fill(partial);
    rmSync(target, { recursive: true, force: true });
    renameSync(partial, target);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}
