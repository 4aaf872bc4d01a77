import { invitations } from "@takosumi/contracts/tenancy/invitations";
import { hashToken } from "@takosumi/keyring/tokens";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { endInvitation, findOffer, listInvitations, type ShownInvitation } from "./repository.ts";
import { accountOf, createInvitation, holdOpenOffer, openOffer, prepareInvitation, takeInvitation } from "./service.ts";

export const invitationHandlers = (resources: Pick<Resources, "db" | "keyring" | "settings">) => {
  const { db } = resources;
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
    accept: async (call) => {
      const { space_id, cookies } = await takeInvitation(resources, call, call.input.token, call.input);
      return { status: 200, output: { success: true, space_id }, cookies };
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
