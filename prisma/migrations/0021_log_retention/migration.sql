-- The text of a log may be removed some days after its Run ended; the Run and its other events stay.
ALTER TABLE runs ADD COLUMN log_removed_at timestamptz;
CREATE INDEX runs_log_kept_idx ON runs (finished_at) WHERE log_complete AND NOT log_due AND log_bytes > 0 AND log_removed_at IS NULL;
