import { z } from "zod";

/** What a rule says of a field of a form, in a sentence that its page shows; null where it fits. */
export function wrongIn(field: string, rule: z.core.$ZodType, value: string | undefined): string | null {
  const { error } = z.safeParse(rule, value ?? "");
  return error ? `${field}: ${error.issues[0]?.message}` : null;
}
