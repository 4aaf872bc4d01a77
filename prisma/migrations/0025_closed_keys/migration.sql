-- From then on no MAC under this data key proves anything: what waits under it was proven and has a MAC of its successor.
ALTER TABLE data_keys ADD COLUMN closed_at timestamptz;
-- The digest of a request lies sealed beside the answer to it.
ALTER TABLE idempotency_claims DROP COLUMN request_digest;
