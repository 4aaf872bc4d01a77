-- How often somebody tried something in a minute, over all processes: what guards passwords and codes.
CREATE TABLE attempts (
  key text NOT NULL,
  minute timestamptz NOT NULL,
  count integer NOT NULL DEFAULT 1,
  PRIMARY KEY (key, minute)
);
CREATE INDEX attempts_minute_idx ON attempts (minute);
