/** Everything that a person may be told of, and whether a mail tells it where they did not say otherwise. */
const told = {
  "run.approval_needed": { email: true },
  "run.blocked": { email: true },
  "run.needs_recovery": { email: true },
  "run.failed": { email: true },
  "run.completed": { email: false },
  "drift.detected": { email: true },
  "token.expiring": { email: true },
  "workspace.invite": { email: true },
  "security.new_login": { email: true },
  "deploy.completed": { email: true },
  "deploy.failed": { email: true },
  "pr.review.requested": { email: false },
  "pr.comment": { email: false },
  "social.followed": { email: false },
  "social.follow.requested": { email: false },
  "social.follow.accepted": { email: false },
  "billing.quota_warning": { email: true },
} as const satisfies Readonly<Record<string, { readonly email: boolean }>>;

export type NotificationType = keyof typeof told;
export const notificationTypes = Object.keys(told) as [NotificationType, ...NotificationType[]];

export const channels = ["in_app", "email", "push"] as const;
export type Channel = (typeof channels)[number];

/** What holds where a person said nothing. Nothing is pushed. */
export const byDefault = (type: NotificationType, channel: Channel): boolean =>
  channel === "in_app" || (channel === "email" && told[type].email);

/** What happens to Runs of a Workspace: what its webhooks may be told of. */
export const webhookEvents = ["run.approval_needed", "run.blocked", "run.needs_recovery", "run.failed", "run.completed"] as const;
export type WebhookEvent = (typeof webhookEvents)[number];
