import { byDefault, channels, type NotificationType, notificationTypes } from "@takosumi/contracts/notifications/types";
import type { NotificationRow } from "@takosumi/db/rows";
import type { Preference } from "./repository.ts";

const largestData = 10_000;

export const shown = (row: NotificationRow) => ({
  id: row.id,
  user_id: row.user_id,
  space_id: row.workspace_id,
  type: row.type as NotificationType,
  title: row.title,
  body: row.body,
  data: JSON.stringify(row.data).length > largestData ? {} : { ...row.data },
  read_at: row.read_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
});

/** Every type and channel, as the person chose it or as it comes. */
export function shownPreferences(chosen: readonly Preference[]) {
  const said = new Map(chosen.map(({ type, channel, enabled }) => [`${type} ${channel}`, enabled]));
  const of = (type: NotificationType, channel: (typeof channels)[number]) => said.get(`${type} ${channel}`) ?? byDefault(type, channel);
  return {
    types: [...notificationTypes],
    channels: [...channels],
    preferences: Object.fromEntries(
      notificationTypes.map((type) => [type, { in_app: of(type, "in_app"), email: of(type, "email"), push: of(type, "push") }]),
    ),
  };
}
