import { lchown, readdir } from "node:fs/promises";
import { join } from "node:path";

/** Gives a tree to the sandbox's user; never follows a link. `uid` null = this process runs the payload as itself. */
export async function giveTree(path: string, owner: { uid: number; gid: number }): Promise<void> {
  await lchown(path, owner.uid, owner.gid);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) await giveTree(child, owner);
    else await lchown(child, owner.uid, owner.gid);
  }
}
