-- Apps that ask people for access. A revoked one is kept, and has no tokens. `service_id` is who it is by itself.
CREATE TABLE oauth_clients (
  id text PRIMARY KEY,
  owner_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  service_id text REFERENCES users (id),
  name text NOT NULL,
  description text,
  redirect_uris text[] NOT NULL,
  client_uri text,
  logo_uri text,
  policy_uri text,
  tos_uri text,
  scopes text[] NOT NULL,
  grant_types text[] NOT NULL,
  auth_method text NOT NULL,
  secret_hash text,
  management_hash text NOT NULL,
  status text NOT NULL DEFAULT 'active',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX oauth_clients_page_idx ON oauth_clients (owner_id, id);

-- What somebody allowed a client, once for all its grants.
CREATE TABLE oauth_consents (
  id text PRIMARY KEY,
  user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  client_id text NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
  scopes text[] NOT NULL,
  granted_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX oauth_consents_client_key ON oauth_consents (user_id, client_id);
CREATE INDEX oauth_consents_page_idx ON oauth_consents (user_id, id);
CREATE INDEX oauth_consents_client_id_idx ON oauth_consents (client_id);

-- One authorization: the family of tokens that came of it. It ends with its consent, and its tokens with it; nothing can be issued under
-- one that is gone, however late.
CREATE TABLE oauth_grants (
  id text PRIMARY KEY,
  consent_id text NOT NULL REFERENCES oauth_consents (id) ON DELETE CASCADE,
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX oauth_grants_consent_id_idx ON oauth_grants (consent_id);
CREATE INDEX oauth_grants_expires_at_idx ON oauth_grants (expires_at);

-- Codes and tokens by their SHA-256. `payload` holds neither the token nor a user code.
CREATE TABLE oauth_artifacts (
  id text PRIMARY KEY,
  kind text NOT NULL,
  client_id text NOT NULL REFERENCES oauth_clients (id) ON DELETE CASCADE,
  grant_id text REFERENCES oauth_grants (id) ON DELETE CASCADE,
  user_code_hash text,
  payload jsonb NOT NULL,
  consumed_at timestamptz,
  poll_after timestamptz,
  poll_seconds integer NOT NULL DEFAULT 5,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX oauth_artifacts_user_code_key ON oauth_artifacts (user_code_hash);
CREATE INDEX oauth_artifacts_grant_id_idx ON oauth_artifacts (grant_id);
CREATE INDEX oauth_artifacts_client_id_idx ON oauth_artifacts (client_id);
CREATE INDEX oauth_artifacts_expires_at_idx ON oauth_artifacts (expires_at);
CREATE TRIGGER oauth_artifacts_access_ended AFTER DELETE ON oauth_artifacts
  FOR EACH ROW WHEN (OLD.kind IN ('AccessToken', 'ClientCredentials')) EXECUTE FUNCTION tell_access_ended();

-- Keys that id tokens are signed with: the newest signs, the others are shown until nothing that they signed is good any more.
CREATE TABLE oauth_signing_keys (
  id text PRIMARY KEY,
  sealed text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  retired_at timestamptz
);

-- How many user codes somebody has looked up in the ten minutes since then: codes are short, and are not to be guessed.
CREATE TABLE oauth_code_lookups (
  user_id text PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  since timestamptz NOT NULL DEFAULT now(),
  count integer NOT NULL DEFAULT 1
);
