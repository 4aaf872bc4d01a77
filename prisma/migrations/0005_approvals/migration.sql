-- Who approved a Run, each person once, and which plan they saw.
CREATE TABLE approvals (
  run_id text NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  user_id text NOT NULL,
  user_name text NOT NULL,
  plan_digest text,
  message text,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run_id, user_id)
);
INSERT INTO approvals (run_id, user_id, user_name, plan_digest, message, at)
  SELECT r.id, given -> 'user' ->> 'id', given -> 'user' ->> 'name', given ->> 'plan_digest', given ->> 'message', (given ->> 'at')::timestamptz
  FROM runs r, jsonb_array_elements(r.approvals) AS given
  ON CONFLICT DO NOTHING;
ALTER TABLE runs DROP COLUMN approvals;

-- Whether a plan destroys, replaces or forgets anything; null until it is made.
ALTER TABLE runs ADD COLUMN destroys boolean;
