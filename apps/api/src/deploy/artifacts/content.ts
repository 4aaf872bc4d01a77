import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { handOut } from "@takosumi/blobs/hand-out";
import { inlineContent } from "@takosumi/contracts/deploy/artifacts";
import type { ArtifactRow, RunRow } from "@takosumi/db/rows";
import type { Bytes } from "@takosumi/transport/handlers";
import type { Resources } from "../../resources.ts";
import { type OwnKind, ownArtifact } from "./own.ts";
import { changesAfter, runOf } from "./repository.ts";

type Used = Pick<Resources, "db" | "blobs" | "engine">;
const page = 1024 * 1024;
const changesPage = 200;

/** The whole content; null where it has none. */
export async function openContent(used: Used, artifact: ArtifactRow): Promise<Bytes | null> {
  const { content_type: type, title, digest, workspace_id, size_bytes } = artifact;
  const name = title ?? `${artifact.id}.txt`;
  const own = ownArtifact(artifact.id);
  if (own) return { body: await ownBody(used, own), type, name };
  if (digest === null) return null;
  const body = await handOut(used.blobs, { workspace: workspace_id, kind: "artifact", digest }, size_bytes);
  return { body, type, name, ...(size_bytes !== null && { size: size_bytes }) };
}

/** The content as text, where it is no longer than an answer may hold. */
export async function inlineOf(used: Used, artifact: ArtifactRow): Promise<string | null> {
  if ((artifact.size_bytes ?? 0) > inlineContent * 4) return null;
  const opened = await openContent(used, artifact);
  if (!opened) return null;
  const whole = opened.body instanceof Readable ? await text(opened.body) : String(opened.body);
  return whole.length <= inlineContent ? whole : null;
}

async function ownBody({ db, engine }: Used, { run_id, kind }: { readonly run_id: string; readonly kind: OwnKind }): Promise<Readable> {
  const run = (await runOf(db, run_id)) as RunRow;
  return Readable.from(kind === "plan" ? planOf(db, run) : logOf(engine, run));
}

/** The plan as it may be shown, all changes included, a page at a time. */
async function* planOf(db: Used["db"], run: RunRow): AsyncGenerator<string> {
  yield `{"plan":${JSON.stringify({ digest: run.plan_digest, ...(run.plan_result as object) })},"resource_changes":[`;
  for (let at = -1, first = true; ; ) {
    const rows = await changesAfter(db, run.id, at, changesPage);
    for (const { position, data } of rows) {
      yield `${first ? "" : ","}${JSON.stringify(data)}`;
      first = false;
      at = position;
    }
    if (rows.length < changesPage) break;
  }
  yield "]}\n";
}

async function* logOf(engine: Used["engine"], run: RunRow): AsyncGenerator<string> {
  for (let at = 0; at < run.log_bytes; ) {
    const { log, next_offset } = await engine.readLog(run, at, page);
    if (next_offset === at) return;
    yield log;
    at = next_offset;
  }
}
