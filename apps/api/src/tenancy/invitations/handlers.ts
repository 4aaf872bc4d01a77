import { invitations } from "@takosumi/contracts/tenancy/invitations";
import { hashToken } from "@takosumi/keyring/tokens";
import { insertSession } from "../../identity/sessions/repository.ts";
import { newSession, sessionSeconds } from "../../identity/sessions/service.ts";
import { cookieOf } from "../../instance/web.ts";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { endInvitation, findOffer, listInvitations, type ShownInvitation } from "./repository.ts";
import { acceptInvitation, accountOf, createInvitation, holdOpenOffer, openOffer, prepareInvitation, prepareJoining } from "./service.ts";

export const invitationHandlers = (resources: Pick<Resources, "db" | "keyring" | "settings">) => {
  const { db, settings } = resources;
  return implement(invitations, {
    list: async ({ input, workspace }) => {
      const rows = await listInvitations(db, workspace.id, afterCursor(input.cursor), fetchLimit(input.limit));
      const page = paged(rows, input.limit, ({ id }) => id);
      return { invitations: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    create: async ({ input, workspace, role, principal, write }) => {
      const prepared = await prepareInvitation(resources, workspace, { role, principal }, input);
      const made = await write((tx) => createInvitation(tx, prepared, workspace, principal), { metadata: { role: input.role } });
      return { invitation: shown(made) };
    },
    remove: async ({ invitation: { id, role }, write }) => {
      await write((tx) => endInvitation(tx, id), { metadata: { role } });
    },
    read: async ({ input, principal }) => {
      const found = openOffer(await findOffer(db, hashToken(input.token), input.token, principal?.id ?? null));
      const { space_name: name, space_slug: slug, role, invited_by, expires_at } = found;
      return { invitation: { space: { name, slug }, role, invited_by: invited_by.name, expires_at: expires_at.toISOString() } };
    },
    accept: async ({ input, principal, from, write }) => {
      const who = accountOf(principal);
      // Nothing costly for a token that leads nowhere.
      openOffer(await findOffer(db, hashToken(input.token), input.token, who?.id ?? null));
      const joining = who ? null : await prepareJoining(input);
      let opened: string | null = null;
      const taken = await write(
        async (tx) => {
          const row = await acceptInvitation(tx, input.token, who, joining);
          if (who) return row;
          const next = newSession({ user_id: row.user_id, kind: "browser", method: "password", from });
          await insertSession(tx, next.row);
          opened = next.token;
          return row;
        },
        ({ user_id: id, name, role }) => ({ actor: { id, kind: "user", name }, metadata: { role, new_account: who === null } }),
      );
      const cookies = opened === null ? [] : [cookieOf(settings.public_url, opened, sessionSeconds)];
      return { status: 200, output: { success: true, space_id: taken.workspace_id }, cookies };
    },
    decline: async ({ input, principal, write }) => {
      const who = accountOf(principal);
      await write(async (tx) => endInvitation(tx, (await holdOpenOffer(tx, input.token, who)).id));
      return { success: true };
    },
  });
};

const shown = ({ id, email, username, role, invited_by, created_at, expires_at }: ShownInvitation) => ({
  id,
  email,
  username,
  role,
  invited_by,
  created_at: created_at.toISOString(),
  expires_at: expires_at.toISOString(),
});
