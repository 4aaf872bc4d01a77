-- Mail that waits to be sent: written with what it tells of, sent by whoever claims it first.
CREATE TABLE mail_outbox (
  id text PRIMARY KEY,
  purpose text NOT NULL,
  sealed text NOT NULL,
  state text NOT NULL DEFAULT 'waiting',
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  last_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz
);
CREATE INDEX mail_outbox_due_idx ON mail_outbox (due_at) WHERE state = 'waiting';
CREATE INDEX mail_outbox_ended_idx ON mail_outbox (ended_at) WHERE state <> 'waiting';
