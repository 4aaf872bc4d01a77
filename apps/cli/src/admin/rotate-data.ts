import { setTimeout as pause } from "node:timers/promises";
import { diskBlobs } from "@takosumi/blobs/disk";
import { appendAudit } from "@takosumi/db/audit";
import { closeReplacedKeys, keyedWorkspaces, replaceDataKey } from "@takosumi/db/key-rotation";
import { resealColumn, sealedColumns } from "@takosumi/db/sealed-columns";
import { keyOfText } from "@takosumi/keyring/sealed-text";
import { resealPlans } from "@takosumi/run-engine/reseal-plans";
import { type Ground, say } from "./ground.ts";
import { adminActor } from "./rotate-master.ts";

interface Rotating {
  /** How long other processes may go on sealing with the key before. */
  readonly waitSeconds: number;
  /** Somebody may know the keys before: what waits under a seal of theirs may be forged, and is not carried over. */
  readonly leaked: boolean;
}

/** A new data key for every Workspace, and everything that rows and blobs hold sealed with it. What is not yet, opens with the one before. */
export async function rotateDataKeys({ db, keyring, directory, anchors }: Ground, { waitSeconds, leaked }: Rotating): Promise<void> {
  const current = new Map<string, string>();
  for (const workspace of await keyedWorkspaces(db)) {
    const row = await keyring.mintDataKey(workspace);
    await replaceDataKey(db, row);
    current.set(workspace, row.id);
  }
  say(`new data keys: ${current.size}`);
  const { resealed, broken } = leaked ? { resealed: 0, broken: [] } : await resealPlans({ db, keyring });
  await closeReplacedKeys(db, keyring.closeDataKey);
  say(leaked ? "plans that wait are refused from now on: plan again" : `plans sealed anew: ${resealed}`);
  for (const id of broken) say(`not what was sealed, and left so: the plan ${id}`);
  const rows = async () => {
    let changed = 0;
    for (const column of sealedColumns.filter(({ kind }) => kind === "text"))
      changed += await resealColumn(
        db,
        column,
        ({ place, sealed }) => current.has(place.workspace) && keyOfText(sealed) !== current.get(place.workspace),
        (place, sealed) => keyring.reseal(place, sealed),
      );
    return changed;
  };
  say(`rows sealed anew: ${await rows()}`);
  const blobs = await diskBlobs({ directory, keyring });
  let rewritten = 0;
  for await (const { workspace, kind, digest } of blobs.list(null)) {
    await blobs.put({ workspace, kind }, await blobs.open({ workspace, kind, digest }), { expect: digest });
    rewritten++;
  }
  say(`blobs sealed anew: ${rewritten}`);
  for (const workspace of await anchors.all()) {
    const text = await anchors.read(workspace);
    if (text !== null) await anchors.write(workspace, text);
  }
  if (waitSeconds > 0) {
    say(`other processes may seal with the keys before for ${waitSeconds} s more`);
    await pause(waitSeconds * 1_000);
    say(`rows sealed anew: ${await rows()}`);
  }
  await db.transaction((tx) =>
    appendAudit(tx, {
      workspace_id: null,
      actor: adminActor,
      action: "keys.data_rotated",
      target: { type: "data_keys", id: "all" },
      metadata: { workspaces: current.size, blobs: rewritten, plans: resealed, leaked },
    }),
  );
}
