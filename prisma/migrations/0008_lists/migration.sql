-- Every filter of a list has its index, also for a value that is rare among many rows.
CREATE INDEX runs_capsule_status_idx ON runs (capsule_id, status, id);
CREATE INDEX runs_project_status_idx ON runs (project_id, status, id);
CREATE INDEX runs_workspace_status_idx ON runs (workspace_id, status, id);
-- The first of these holds all that runs_open_idx did.
DROP INDEX runs_open_idx;
-- Applies and destroys are the rare kinds.
CREATE INDEX runs_project_writes_idx ON runs (project_id, kind, id) WHERE kind <> 'plan';
CREATE INDEX runs_workspace_writes_idx ON runs (workspace_id, kind, id) WHERE kind <> 'plan';
-- An actor is asked for in one Workspace.
DROP INDEX runs_actor_page_idx;
CREATE INDEX runs_actor_page_idx ON runs (workspace_id, actor_id, id);
CREATE INDEX runs_waiting_idx ON runs (workspace_id, id) WHERE status IN ('planned', 'awaiting_approval', 'blocked', 'needs_recovery');

CREATE INDEX capsules_status_idx ON capsules (workspace_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX capsules_project_status_idx ON capsules (project_id, status, id) WHERE deleted_at IS NULL;
