import type { Summary } from "@takosumi/contracts/deploy/plan";
import type { WebhookEvent } from "@takosumi/contracts/notifications/types";
import type { RunRow } from "@takosumi/db/rows";

const longest = 500;
const cut = (text: string) => (text.length > longest ? `${text.slice(0, longest - 1).toWellFormed()}…` : text);

const nouns = { plan: "plan", apply: "apply", destroy: "destroy" } as const;
const counted = ({ add, change, destroy }: Summary) => `${add} to add, ${change} to change, ${destroy} to destroy`;

/** What a person reads of a Run: one line, and more of it. */
export function wordsFor(type: WebhookEvent, run: RunRow, capsule: string): { readonly title: string; readonly body: string | null } {
  const what = `The ${nouns[run.kind]} of ${capsule}`;
  const why = run.error && cut(run.error.message);
  switch (type) {
    case "run.approval_needed": {
      const { summary } = (run.plan_result ?? {}) as { readonly summary?: Summary };
      return { title: `${what} waits for approval`, body: summary ? counted(summary) : null };
    }
    case "run.blocked":
      return { title: `${what} is blocked`, body: why };
    case "run.needs_recovery":
      return { title: `${what} needs recovery`, body: why };
    case "run.failed":
      return { title: `${what} failed`, body: why };
    case "run.completed":
      return { title: `${what} is finished`, body: run.kind === "plan" && run.has_changes === false ? "Nothing is to be changed" : null };
  }
}
