import { audit } from "@takosumi/contracts/deploy/audit";
import { chainOf } from "@takosumi/db/audit";
import { verifyAnchored } from "@takosumi/db/audit-verify";
import type { AuditEventRow } from "@takosumi/db/rows";
import { afterCursor, fetchLimit, paged } from "../../paging.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { listEvents } from "./repository.ts";

export const auditHandlers = ({ db, anchors }: Pick<Resources, "db" | "anchors">) =>
  implement(audit, {
    list: async ({ input: { limit, cursor, capsule_id, run_id, actor_id, action }, workspace }) => {
      const filter = { workspace_id: workspace.id, capsule_id, run_id, actor_id, action };
      const rows = await listEvents(db, { ...filter, before: afterCursor(cursor, "sequence"), take: fetchLimit(limit) });
      const page = paged(rows, limit, ({ sequence }) => sequence);
      return { events: page.rows.map(shown), next_cursor: page.next_cursor };
    },
    verify: async ({ workspace }) => {
      const { ok, checked, first_broken = null, anchored } = await verifyAnchored(db, anchors, chainOf(workspace.id));
      return { ok, checked, first_broken, anchored };
    },
  });

const shown = ({ target_type, target_id, created_at, ...row }: AuditEventRow) => ({
  ...row,
  target: { type: target_type, id: target_id },
  created_at: created_at.toISOString(),
});
