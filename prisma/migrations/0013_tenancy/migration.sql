ALTER TABLE workspaces
  ADD COLUMN description text,
  ADD COLUMN security_posture text NOT NULL DEFAULT 'standard',
  ADD COLUMN ai_model text,
  -- Deleted: its members are gone from `members`, and come back from here when it is restored.
  ADD COLUMN deleted_at timestamptz,
  ADD COLUMN former_members jsonb,
  -- Its data key was destroyed.
  ADD COLUMN purged_at timestamptz;
CREATE INDEX workspaces_deleted_idx ON workspaces (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
CREATE INDEX workspaces_owner_idx ON workspaces (owner_id);

-- Pages of members, those who came first first.
ALTER TABLE members ADD COLUMN sequence bigserial NOT NULL;
CREATE INDEX members_page_idx ON members (workspace_id, sequence);

-- Somebody is asked in, by an address or by name. Of the token that stood in the mail the hash alone is kept.
CREATE TABLE invitations (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  email text,
  user_id text REFERENCES users (id) ON DELETE CASCADE,
  role text NOT NULL,
  token_hash text,
  invited_by jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ended_at timestamptz
);
CREATE UNIQUE INDEX invitations_token_hash_key ON invitations (token_hash);
CREATE INDEX invitations_page_idx ON invitations (workspace_id, id);
CREATE INDEX invitations_user_id_idx ON invitations (user_id);
CREATE INDEX invitations_expires_at_idx ON invitations (expires_at);
CREATE UNIQUE INDEX invitations_email_key ON invitations (workspace_id, email) WHERE ended_at IS NULL AND email IS NOT NULL;
CREATE UNIQUE INDEX invitations_user_key ON invitations (workspace_id, user_id) WHERE ended_at IS NULL AND user_id IS NOT NULL;

-- Environment variables of every Run of a space, sealed whether or not they are secret.
CREATE TABLE common_env (
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  name text NOT NULL,
  secret boolean NOT NULL,
  sealed text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (workspace_id, name)
);

CREATE TABLE shortcuts (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  resource_type text NOT NULL,
  resource_id text NOT NULL,
  name text NOT NULL,
  icon text,
  position integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shortcuts_order_idx ON shortcuts (user_id, workspace_id, position, created_at);

CREATE TABLE shortcut_groups (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  name text NOT NULL,
  icon text,
  items jsonb NOT NULL,
  -- The installed app that it belongs to, which alone changes it.
  bundle_deployment_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shortcut_groups_page_idx ON shortcut_groups (workspace_id, id);
