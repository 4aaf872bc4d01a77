import { z } from "zod";
import { idOf } from "../fields.ts";
import { mayInject } from "./env-names.ts";

const MiB = 1024 * 1024;
const size = (value: unknown) => JSON.stringify(value)?.length ?? 0;

/** What a module is given: a tofu variable of any JSON value, or an environment variable of the tool; plain, or from a Secret. */
export const VariableInput = z
  .strictObject({
    name: z.string().min(1).max(128),
    kind: z.enum(["tofu", "env"]).default("tofu"),
    value: z.unknown().optional(),
    secret_id: idOf("secret").optional(),
    sensitive: z.boolean().optional(),
  })
  .superRefine(({ name, kind, value, secret_id }, context) => {
    const wrong = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (kind === "tofu" && !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name))
      wrong("name", "is not a variable name: letters, digits, _ and -, not a digit first");
    if (kind === "env" && !mayInject(name))
      wrong("name", `${name} may not be set: upper-case letters, digits and _, and nothing that changes how the tool is run`);
    if ((value === undefined) === (secret_id === undefined)) wrong("value", "give either value or secret_id");
    if (kind === "env" && value !== undefined && typeof value !== "string") wrong("value", "an environment variable is a string");
    if (size(value) > MiB / 4) wrong("value", "is larger than 256 KiB");
  });

export const VariablesInput = z
  .array(VariableInput)
  .max(500)
  .superRefine((variables, context) => {
    const seen = new Set<string>();
    for (const [index, { kind, name }] of variables.entries()) {
      if (seen.has(`${kind} ${name}`)) context.addIssue({ code: "custom", path: [index, "name"], message: `${name} is given twice` });
      seen.add(`${kind} ${name}`);
    }
    if (size(variables) > MiB) context.addIssue({ code: "custom", message: "the variables are larger than 1 MiB in all" });
  });

/** A variable as it is shown: a sensitive one, or one from a Secret, has no value. */
export const Variable = z.object({
  name: z.string(),
  kind: z.enum(["tofu", "env"]),
  value: z.unknown(),
  secret_id: z.string().nullable(),
  sensitive: z.boolean(),
});
export const VariableName = Variable.pick({ name: true, kind: true, sensitive: true });
