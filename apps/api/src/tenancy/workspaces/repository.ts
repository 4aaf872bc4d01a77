import type { Role } from "@takosumi/contracts/access";
import { statement } from "@takosumi/db/sql";
import type { Locator, Rows } from "../../world.ts";

/**
 * `me` is a reserved word that no slug may be; an id has a prefix that no slug may have. A slug that was given up leads to its last
 * holder for 90 days.
 */
const workspace = statement(
  "workspace_locate",
  `SELECT workspace.*, member.role AS reader_role
     FROM workspaces workspace JOIN members member ON member.workspace_id = workspace.id AND member.user_id = $2
    WHERE (workspace.id = $1 OR workspace.slug = $1 OR workspace.id =
            (SELECT workspace_id FROM names WHERE name = $1 AND released_at > now() - interval '90 days'))
      AND ($3::text IS NULL OR workspace.id = $3)`,
);
/** The one personal Workspace of the reader; for a token that is bound to a Workspace, that one. */
const own = statement(
  "workspace_own",
  `SELECT workspace.*, member.role AS reader_role
     FROM workspaces workspace JOIN members member ON member.workspace_id = workspace.id AND member.user_id = $1
    WHERE CASE WHEN $2::text IS NULL THEN workspace.owner_id = $1 AND workspace.kind = 'personal' ELSE workspace.id = $2 END`,
);

export const locateWorkspace: Locator<"workspace"> = async (db, id, reader) => {
  if (!reader) return null;
  const bound = reader.workspace_id ?? null;
  type Found = Rows["workspace"] & { readonly reader_role: Role };
  const found = await (id === undefined || id === "me"
    ? db.one<Found>(own, [reader.id, bound])
    : db.one<Found>(workspace, [id, reader.id, bound]));
  if (!found) return null;
  const { reader_role: role, ...row } = found;
  return { row, role, workspace_id: row.id };
};
