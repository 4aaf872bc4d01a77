/** One SQL statement: prepared under its name on each connection that runs it, once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** It may be sent again after its connection was lost: it changes nothing. */
  readonly reads: boolean;
}

const known = new Map<string, string>();

/**
 * A named prepared statement. The name is unique in the process and at most 63 bytes (PostgreSQL would cut it): `run_claim`, `capsule_locate`.
 * Parameters are `$1`, `$2`, …; give `$1::text` where the type does not follow from its place.
 */
export function statement(name: string, text: string): Statement {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(name)) throw new Error(`${name} is no name of a statement: a-z, 0-9 and _, at most 63`);
  const other = known.get(name);
  if (other !== undefined && other !== text) throw new Error(`Two statements are called ${name}`);
  known.set(name, text);
  return { name, text, reads: onlyReads(text) };
}

/** Careful rather than clever: a `WITH` might write, and so might some functions; those count as writes. */
function onlyReads(text: string): boolean {
  const bare = text.replace(/--[^\n]*/g, " ").trim();
  return (
    /^SELECT\b/i.test(bare) &&
    !/\bFOR\s+(?:NO\s+KEY\s+UPDATE|UPDATE|KEY\s+SHARE|SHARE)\b|\bpg_(?:notify|advisory|try_advisory)|\b(?:nextval|setval|set_config)\b/i.test(
      bare,
    )
  );
}
