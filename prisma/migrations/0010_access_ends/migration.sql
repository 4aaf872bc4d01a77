-- Every replica hears at once when somebody may no longer follow: their streams end there.
CREATE FUNCTION tell_access_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'members' THEN
    PERFORM pg_notify('takosumi_access', 'member ' || OLD.user_id || ' ' || OLD.workspace_id);
  ELSE
    PERFORM pg_notify('takosumi_access', 'token ' || OLD.id);
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER members_access_ended AFTER DELETE OR UPDATE OF role ON members
  FOR EACH ROW EXECUTE FUNCTION tell_access_ended();
CREATE TRIGGER tokens_access_ended AFTER DELETE OR UPDATE OF revoked_at, expires_at, scopes, workspace_id ON personal_access_tokens
  FOR EACH ROW EXECUTE FUNCTION tell_access_ended();
