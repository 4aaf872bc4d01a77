-- Credentials of a provider. What they are is sealed; of the rest only names are kept. A deleted one stays as a tombstone without material,
-- so that what binds it can say so; its name is free again.
CREATE TABLE connections (
  id text PRIMARY KEY,
  workspace_id text NOT NULL REFERENCES workspaces (id),
  name text NOT NULL,
  provider text NOT NULL,
  recipe_id text NOT NULL,
  recipe_mode text NOT NULL,
  -- {values, files} as one sealed text; NULL once revoked.
  sealed text,
  -- Names of the fields in `values`, and path and variable of each file.
  fields text[] NOT NULL,
  files jsonb NOT NULL,
  -- Raised with every change, so that two changes at once do not undo each other.
  revision integer NOT NULL DEFAULT 1,
  expires_at timestamptz,
  rotated_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX connections_name_key ON connections (workspace_id, name) WHERE revoked_at IS NULL;
CREATE INDEX connections_page_idx ON connections (workspace_id, id) WHERE revoked_at IS NULL;
CREATE INDEX connections_provider_page_idx ON connections (workspace_id, provider, id) WHERE revoked_at IS NULL;

-- Fields whose value is a Secret's: a Secret in use is not deleted.
CREATE TABLE connection_secrets (
  connection_id text NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  field text NOT NULL,
  secret_id text NOT NULL REFERENCES secrets (id),
  PRIMARY KEY (connection_id, field)
);
CREATE INDEX connection_secrets_secret_id_idx ON connection_secrets (secret_id, connection_id);

-- Which Capsule binds which connection, also after it was deleted.
CREATE TABLE connection_uses (
  connection_id text NOT NULL REFERENCES connections (id),
  capsule_id text NOT NULL REFERENCES capsules (id) ON DELETE CASCADE,
  PRIMARY KEY (connection_id, capsule_id)
);
CREATE INDEX connection_uses_capsule_id_idx ON connection_uses (capsule_id);

-- A resolution now says why and what to do, and what is injected. Those before had no connection to inject anything of.
UPDATE runs SET provider_bindings = (
  SELECT jsonb_agg(
    binding || '{"reason": null, "remedy": null, "recipe": null, "injected_by": null, "env_names": [], "file_env_names": []}' ORDER BY place
  ) FROM jsonb_array_elements(provider_bindings) WITH ORDINALITY AS found (binding, place)
) WHERE jsonb_array_length(provider_bindings) > 0;
