import type { GitUrl } from "@takosumi/contracts/deploy/git-url";
import { RunFailure } from "../run/failure.ts";
import type { Job } from "../run/job.ts";
import type { GitBox, GitSaid } from "./git-box.ts";
import { gitFailure, wasRedirected } from "./git-failure.ts";
import { unknownHostKey } from "./host-keys.ts";
import { redirected } from "./redirect.ts";
import { type Route, routeTo } from "./route.ts";

const HOPS = 3;

/** A repository that answers, wherever on its host it is. */
export class Remote {
  readonly #job: Job;
  readonly #box: GitBox;
  readonly #folder: string | null;
  #url: GitUrl;
  #route: Route | null = null;
  #hops = 0;

  constructor(job: Job, box: GitBox, url: GitUrl, folder: string | null) {
    this.#job = job;
    this.#box = box;
    this.#url = url;
    this.#folder = folder;
  }

  /** Runs a line of shell whose $1 is the repository's address. Throws RunFailure where it ends with a status that is not among `fine`. */
  async run(name: string, script: string, args: readonly string[], fine: readonly number[] = [0]): Promise<GitSaid> {
    this.#route ??= await routeTo(this.#job, this.#box, this.#url, this.#folder);
    const route = this.#route;
    const said = await this.#box.run(name, script, [route.address, ...args], route.env);
    if (fine.includes(said.exit.code)) return said;
    if (wasRedirected(said.stderr) && this.#hops++ < HOPS) {
      this.#url = await redirected(route.url, route.addresses, this.#job.site.settings.git.privateHosts);
      this.#route = null;
      return this.run(name, script, args, fine);
    }
    throw await this.#failure(route, said.stderr);
  }

  async #failure({ url, addresses }: Route, said: string): Promise<RunFailure> {
    const unpinned = /host key is known for|Host key verification failed/.test(said) && !/HAS CHANGED/.test(said);
    if (url.scheme === "ssh" && unpinned) return unknownHostKey(url, addresses[0] as string, this.#job.site.settings.path);
    return gitFailure(url, said, this.#job.lease.git?.credential !== null);
  }
}

/** What a ref means on its server now: a branch before a tag of the same name, as `git clone --branch` has it. Throws SOURCE_REF_NOT_FOUND. */
export async function resolveRef(remote: Remote, ref: string | null): Promise<{ name: string; commit: string }> {
  const names = ref === null ? ["HEAD"] : ref.startsWith("refs/") ? [ref] : [`refs/heads/${ref}`, `refs/tags/${ref}`];
  const { stdout } = await remote.run("ls-remote", 'git ls-remote -q -- "$@"', [...names, ...names.map((name) => `${name}^{}`)]);
  const found = new Map(
    stdout.split("\n").flatMap((line): [string, string][] => {
      const [, commit, name] = /^((?:[0-9a-f]{40}|[0-9a-f]{64}))\t(.+)$/.exec(line) ?? [];
      return commit === undefined || name === undefined ? [] : [[name, commit]];
    }),
  );
  for (const name of names) {
    const commit = found.get(`${name}^{}`) ?? found.get(name);
    if (commit !== undefined) return { name, commit };
  }
  if (ref === null) throw new RunFailure("SOURCE_REF_NOT_FOUND", "The repository of the source is empty: it has no HEAD.");
  const short = /^[0-9a-f]{7,39}$/.test(ref) ? " A commit must be given in full." : "";
  throw new RunFailure("SOURCE_REF_NOT_FOUND", `The repository of the source has no branch and no tag ${JSON.stringify(ref)}.${short}`);
}
