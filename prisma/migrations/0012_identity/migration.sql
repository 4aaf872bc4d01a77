-- Usernames and slugs of spaces are one namespace: a name leads to the space that has it, or had it until 90 days ago. A username is the
-- slug of the person's own space.
CREATE TABLE names (
  name text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
  released_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX names_workspace_id_idx ON names (workspace_id);
INSERT INTO names (name, workspace_id, created_at) SELECT slug, id, created_at FROM workspaces;

-- A `service` signs in with a token only, and has no space of its own.
ALTER TABLE users
  ADD COLUMN kind text NOT NULL DEFAULT 'user',
  ADD COLUMN email text,
  ADD COLUMN email_verified_at timestamptz,
  ADD COLUMN picture text,
  ADD COLUMN password_hash text,
  ADD COLUMN settings jsonb NOT NULL DEFAULT '{}';
CREATE INDEX users_email_idx ON users (lower(email)) WHERE email IS NOT NULL;

-- Somebody at an identity provider. Never told by an e-mail address.
CREATE TABLE auth_identities (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  issuer text NOT NULL,
  subject text NOT NULL,
  email text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX auth_identities_subject_key ON auth_identities (issuer, subject);
CREATE INDEX auth_identities_user_id_idx ON auth_identities (user_id);

CREATE TABLE sessions (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind text NOT NULL,
  method text NOT NULL,
  token_hash text NOT NULL,
  address text,
  user_agent text,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE UNIQUE INDEX sessions_token_hash_key ON sessions (token_hash);
CREATE INDEX sessions_user_id_idx ON sessions (user_id, id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
CREATE TRIGGER sessions_access_ended AFTER DELETE OR UPDATE OF revoked_at, expires_at ON sessions
  FOR EACH ROW EXECUTE FUNCTION tell_access_ended();

-- One sign-in each.
CREATE TABLE sign_in_codes (
  code_hash text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  purpose text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sign_in_codes_user_id_idx ON sign_in_codes (user_id);
CREATE INDEX sign_in_codes_expires_at_idx ON sign_in_codes (expires_at);

ALTER TABLE personal_access_tokens ADD COLUMN token_prefix text NOT NULL DEFAULT 'tak_pat_';
