import { prefixes } from "@takosumi/contracts/ids";
import type { ArtifactRow, RunRow } from "@takosumi/db/rows";

interface Kind {
  readonly title: string;
  readonly type: string;
  readonly content_type: string;
  /** Whether this Run has it. */
  readonly has: (run: RunRow) => boolean;
}
/** What a Run has by itself, made of what it recorded: redacted, and never stored twice. */
const kinds = {
  plan: { title: "plan.json", type: "report", content_type: "application/json", has: ({ plan_result }) => plan_result !== null },
  log: { title: "log.txt", type: "report", content_type: "text/plain", has: ({ log_bytes }) => log_bytes > 0 },
} as const satisfies Record<string, Kind>;
export type OwnKind = keyof typeof kinds;

const id = /^art_(plan|log)-([0-9A-Za-z]{1,64})$/;

/** Reads the id of an artifact that a Run has by itself: its Run, and what it is there. Null for any other id. */
export function ownArtifact(
  artifactId: string,
): { readonly run_id: string; readonly kind: OwnKind; of(run: RunRow): ArtifactRow | null } | null {
  const [, kind, suffix] = id.exec(artifactId) ?? [];
  if (kind === undefined) return null;
  return { run_id: `${prefixes.run}${suffix}`, kind: kind as OwnKind, of: (run) => rowOf(run, kind as OwnKind) };
}

/** Those of a Run, oldest first. */
export const ownArtifacts = (run: RunRow): ArtifactRow[] => (Object.keys(kinds) as OwnKind[]).flatMap((kind) => rowOf(run, kind) ?? []);

function rowOf(run: RunRow, kind: OwnKind): ArtifactRow | null {
  const { has, title, type, content_type } = kinds[kind];
  if (!has(run)) return null;
  return {
    id: `${prefixes.artifact}${kind}-${run.id.slice(prefixes.run.length)}`,
    workspace_id: run.workspace_id,
    run_id: run.id,
    type,
    title,
    content_type,
    digest: null,
    size_bytes: kind === "log" ? run.log_bytes : null,
    file_id: null,
    metadata: {},
    created_by: run.actor,
    created_at: run.finished_at ?? run.created_at,
  };
}
