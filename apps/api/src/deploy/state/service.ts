import { idOf } from "@takosumi/contracts/fields";
import { fieldsOfIssues, invalid } from "@takosumi/transport/issues";
import { z } from "zod";

const Rollback = z.strictObject({ rollback_to: idOf("state_version") });
/** A body that is no longer than this may ask for a rollback: a state is no such object, however short. */
const longestAsk = 1_024;

/** The version that a body asks to go back to; null where it is a state. */
export function rollbackOf(body: Buffer): string | null {
  if (body.length > longestAsk) return null;
  const asked = jsonOf(body);
  if (typeof asked !== "object" || asked === null || !("rollback_to" in asked)) return null;
  const parsed = Rollback.safeParse(asked);
  if (parsed.success) return parsed.data.rollback_to;
  throw invalid(fieldsOfIssues(parsed.error.issues));
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}
