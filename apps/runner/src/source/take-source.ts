import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseGitUrl } from "@takosumi/contracts/deploy/git-url";
import { tarBytes } from "@takosumi/opentofu/tar-form";
import { type Fact, factOf, fileBody } from "../cache/bytes.ts";
import { RunFailure } from "../run/failure.ts";
import type { Job } from "../run/job.ts";
import { ownFolder } from "../run/journal.ts";
import { fetchCommit } from "./fetch-commit.ts";
import { openGitBox } from "./git-box.ts";
import { Remote, resolveRef } from "./remote.ts";
import { withRepositoryTree } from "./repository-tree.ts";
import { localFolder, shownAt } from "./route.ts";

const fullCommit = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const PATHS = 1_000;

/** The path of the snapshot that a Run is planned from: kept here, taken from the api, or fetched from its repository. */
export async function takeSource(job: Job): Promise<string> {
  if (job.lease.source) return cached(job, job.lease.source);
  const { git } = job.lease;
  if (!git) throw new RunFailure("SOURCE_INVALID", "The Run has no source.");
  const known = git.ref !== null && fullCommit.test(git.ref) ? await pinned(job, git.ref, git.ref) : null;
  return known ?? fetched(job, git);
}

async function cached(job: Job, source: Fact): Promise<string> {
  job.source = source;
  return job.site.sources.take(source, (take) => job.calls.input("source", take));
}

/** A commit whose snapshot the api knows needs no bytes from its repository. */
async function pinned(job: Job, commit: string, name: string): Promise<string | null> {
  const { source } = await job.calls.source(commit);
  if (!source) return null;
  await job.note(`Source: ${name} is at ${commit}, whose snapshot is there already.`);
  return cached(job, source);
}

async function fetched(job: Job, { url: given, ref }: NonNullable<Job["lease"]["git"]>): Promise<string> {
  const url = parseGitUrl(given);
  if (typeof url === "string") throw new RunFailure("SOURCE_URL_REFUSED", `The address of the source ${url}.`);
  const folder = await localFolder(job, url);
  const box = await openGitBox(job, folder === null ? [] : [{ host: folder, seen: shownAt(job, folder) }]);
  try {
    const remote = new Remote(job, box, url, folder);
    const wanted = ref !== null && fullCommit.test(ref) ? { name: ref, commit: ref } : await resolveRef(remote, ref);
    const before = wanted.name === wanted.commit ? null : await pinned(job, wanted.commit, wanted.name);
    if (before !== null) return before;
    const commit = await fetchCommit(box, remote, wanted.name, wanted.commit);
    return await withRepositoryTree(box.dir.io, job.site.settings.git.bytes, async ({ entries, paths, ignored }, submodules) => {
      const file = join(ownFolder(job.dir.root), "source.tar");
      await pipeline(tarBytes(entries), createWriteStream(file, { mode: 0o600 }));
      const fact = await factOf(file);
      await job.calls.artifact("source", await fileBody(file, fact));
      await job.calls.source(commit, { ...fact, paths: paths.slice(0, PATHS) });
      const left = ignored > 0 ? `, ${ignored} left out` : "";
      await job.note(`Source: ${url.text}, ${wanted.name} at ${commit}: ${paths.length} files${left}.`);
      if (submodules.length > 0) await job.note(`Submodules are not fetched: ${submodules.slice(0, 20).join(", ")}.`);
      job.source = fact;
      return job.site.sources.take(fact, (take) => take(createReadStream(file)));
    });
  } finally {
    await rm(box.dir.root, { recursive: true, force: true });
  }
}
