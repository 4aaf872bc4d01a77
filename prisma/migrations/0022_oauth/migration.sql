-- User codes are counted with the other attempts.
DROP TABLE oauth_code_lookups;

-- Never two owners of a space: whoever gives it away steps down first.
CREATE UNIQUE INDEX members_owner_key ON members (workspace_id) WHERE role = 'owner';

-- "https://app.example.com/callback" -> "https://app.example.com", as browsers write an origin: in lower case, without the usual port.
CREATE FUNCTION origins_of(uris text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_agg(DISTINCT origin) FILTER (WHERE origin IS NOT NULL), '{}')
    FROM unnest(uris) AS uri,
         regexp_replace(lower(substring(uri FROM '^https?://[^/?#]+')), '^(http://.+):80$|^(https://.+):443$', '\1\2') AS origin
$$;
-- From which origins browser apps ask that show no secret.
CREATE INDEX oauth_clients_origins_idx ON oauth_clients USING gin (origins_of(redirect_uris)) WHERE auth_method = 'none' AND status = 'active';
