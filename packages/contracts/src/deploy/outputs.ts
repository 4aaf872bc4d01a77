import { z } from "zod";
import { can } from "../access.ts";
import { family, get } from "../define.ts";
import { exampleId } from "../example.ts";
import { opaqueId } from "../fields.ts";
import { outputExample } from "./examples/history.ts";

export const Output = z
  .object({ name: z.string(), type: z.unknown(), value: z.unknown(), sensitive: z.boolean() })
  .meta({ id: "Output", examples: [outputExample] });

export const outputs = family(
  "outputs",
  { context: "deploy", about: "What the current state of a Capsule gives out." },
  {
    list: get("/api/outputs/:capsule_id", {
      summary: "Outputs of a Capsule; the value of a sensitive one is null",
      access: can("run:read", { capsule: "capsule_id" }),
      output: z.object({
        outputs: z.array(Output),
        state_version_id: opaqueId.nullable().meta({ examples: [exampleId("state_version")] }),
      }),
    }),
  },
);
