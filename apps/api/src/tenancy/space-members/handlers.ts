import type { Role } from "@takosumi/contracts/access";
import { spaceMembers } from "@takosumi/contracts/tenancy/space-members";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { listMembers, type Member } from "./repository.ts";
import { addMember, changeRole, removeMember } from "./service.ts";

export const spaceMemberHandlers = ({ db, engine }: Pick<Resources, "db" | "engine">) =>
  implement(spaceMembers, {
    list: async ({ input, workspace }) => {
      const rows = await listMembers(db, workspace.id, afterCursor(input.cursor, "sequence"), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ sequence }) => sequence);
      return { members: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    create: async ({ input, workspace, role, principal, write }) => ({
      member: shown(await write((tx) => addMember(tx, workspace, { role, principal }, input), about)),
    }),
    update: async ({ input, member, role, principal, write }) => ({
      member: shown(
        await write(
          (tx) => changeRole(tx, { role, id: principal.id }, member, input.role),
          (row) => (row.role === member.role ? null : { metadata: { username: row.username, before: member.role, role: row.role } }),
        ),
      ),
    }),
    remove: async ({ member, role, principal, write }) => {
      await write((tx) => removeMember(tx, engine, { ...principal, role }, member), about);
      return { success: true };
    },
  });

const about = ({ username, role }: Member) => ({ metadata: { username, role } });
const shown = ({ username, email, name, picture, kind, role, created_at }: Member) => ({
  username,
  email,
  name,
  picture,
  kind,
  role: role as Exclude<Role, "visitor">,
  created_at: created_at.toISOString(),
});
