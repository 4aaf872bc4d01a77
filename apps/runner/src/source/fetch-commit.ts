import { RunFailure } from "../run/failure.ts";
import type { GitBox } from "./git-box.ts";
import type { Remote } from "./remote.ts";

const NOT_A_COMMIT = 22;
const CUT_OFF = 23;

/**
 * One commit without its past, and what is in it: names, and the bytes as they were committed. Nothing is checked out, so that no filter,
 * hook, attribute or submodule of the repository has a say.
 */
const script = `
url=$1; name=$2; repo=$3/repo; io=$4; form=$5
git init -q --bare --template= --object-format="$form" "$repo" || exit 20
cd "$repo" || exit 20
git fetch -q --no-tags --no-recurse-submodules --depth 1 "$url" "$name" || exit 21
commit=$(git rev-parse -q --verify 'FETCH_HEAD^{commit}') || exit ${NOT_A_COMMIT}
git ls-tree -r -z -l --full-tree "$commit" > "$io/tree" || exit ${CUT_OFF}
git ls-tree -r --full-tree --format='%(objecttype) %(objectname)' "$commit" > "$io/objects" || exit ${CUT_OFF}
sed -n 's/^blob //p' "$io/objects" | sort -u > "$io/wanted" || exit ${CUT_OFF}
git cat-file --batch --buffer < "$io/wanted" > "$io/blobs" || exit ${CUT_OFF}
printf %s "$commit"`;

/** Fetches what `name` means, a ref or a full commit, into the box: \`tree\` and \`blobs\` below its \`io\`. Answers with the commit. */
export async function fetchCommit(box: GitBox, remote: Remote, name: string, commit: string): Promise<string> {
  const form = commit.length === 64 ? "sha256" : "sha1";
  const { exit, stdout } = await remote.run("fetch", script, [name, box.seen.tree, box.seen.io, form], [0, NOT_A_COMMIT, CUT_OFF]);
  if (exit.code === NOT_A_COMMIT) throw new RunFailure("SOURCE_REF_NOT_FOUND", `${name} is no commit.`);
  if (exit.code === CUT_OFF) throw new RunFailure("SOURCE_TOO_LARGE", "The files of the source are more than a source may have.");
  return stdout;
}
