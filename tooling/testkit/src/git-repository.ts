import { execFile } from "node:child_process";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { env } from "./env.ts";

const run = promisify(execFile);

/** What is committed: a text, a program, or a link. */
export type Committed = string | { readonly program: string } | { readonly link: string };

/** A real repository below `root`, served by that name. It answers for itself alone: no setting of this machine is read. */
export class GitRepository {
  readonly path: string;
  readonly #tree: string;
  readonly #env: Record<string, string>;

  private constructor(root: string, name: string) {
    this.path = join(root, name);
    this.#tree = join(root, `tree-of-${name}`);
    const who = { NAME: "A Tester", EMAIL: "tester@example.com", DATE: "2026-01-01T00:00:00Z" };
    const people = ["AUTHOR", "COMMITTER"].flatMap((role) => Object.entries(who).map(([key, value]) => [`GIT_${role}_${key}`, value]));
    this.#env = { PATH: env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: "1", ...Object.fromEntries(people) };
  }

  static async create(root: string, name: string, files: Readonly<Record<string, Committed>>): Promise<GitRepository> {
    const repository = new GitRepository(root, name);
    await mkdir(repository.#tree, { recursive: true });
    await repository.git("init", "-q", "-b", "main", `--separate-git-dir=${repository.path}`);
    await repository.git("config", "http.receivepack", "false");
    await repository.commit(files);
    return repository;
  }

  async git(...args: string[]): Promise<string> {
    return (await run("git", args, { cwd: this.#tree, env: this.#env, maxBuffer: 1 << 26 })).stdout.trim();
  }

  /** Makes these the files of the branch that is checked out, and answers the commit. */
  async commit(files: Readonly<Record<string, Committed>>): Promise<string> {
    await this.git("rm", "-rqf", "--ignore-unmatch", ".");
    for (const [path, what] of Object.entries(files)) {
      const file = join(this.#tree, path);
      await mkdir(dirname(file), { recursive: true });
      if (typeof what === "object" && "link" in what) await symlink(what.link, file);
      else await writeFile(file, typeof what === "string" ? what : what.program);
      if (typeof what === "object" && "program" in what) await chmod(file, 0o755);
    }
    await this.git("add", "-A", "-f");
    await this.git("commit", "-q", "--allow-empty", "-m", "a change");
    return this.git("rev-parse", "HEAD");
  }

  remove(): Promise<void> {
    return rm(this.path, { recursive: true, force: true });
  }
}
