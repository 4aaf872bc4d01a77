import { z } from "zod";
import { can } from "../access.ts";
import { family, get, post } from "../define.ts";
import { exampleDigest, exampleId } from "../example.ts";
import { count, idOf, nextCursor, paging, workspaceId } from "../fields.ts";
import { ChangeAction, ResourceChange, Risk } from "./plan.ts";
import { PlanMode, Run, RunKind, RunStatus } from "./run.ts";
import { VariablesInput } from "./variables.ts";

const MiB = 1024 * 1024;
const address = z
  .string()
  .min(1)
  .max(1_000)
  .regex(/^[^\0-\x1f-][^\0-\x1f]*$/, "is not a resource address");
const addresses = z.array(address).max(200);
const message = z.string().trim().max(1_000);
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, "is not a digest: sha256: and 64 hexadecimal digits");

export const CreateRun = z
  .strictObject({
    kind: RunKind,
    capsule_id: idOf("capsule").optional(),
    plan_run_id: idOf("run").optional(),
    mode: PlanMode.optional(),
    targets: addresses.optional(),
    replace: addresses.optional(),
    variables: VariablesInput.optional(),
    message: message.optional(),
  })
  .superRefine((run, context) => {
    const wrong = (path: string, text: string) => context.addIssue({ code: "custom", path: [path], message: text });
    if (run.kind === "plan") {
      if (run.capsule_id === undefined) wrong("capsule_id", "a plan needs the Capsule that it is made of");
      if (run.plan_run_id !== undefined) wrong("plan_run_id", "belongs to an apply or destroy");
      if (run.mode !== undefined && run.mode !== "normal" && run.replace?.length)
        wrong("replace", `cannot be combined with mode ${run.mode}`);
      return;
    }
    if (run.plan_run_id === undefined) wrong("plan_run_id", `${run.kind} needs the plan Run that it executes`);
    for (const name of ["capsule_id", "mode", "targets", "replace", "variables"] as const)
      if (run[name] !== undefined) wrong(name, "belongs to a plan: an apply executes exactly what was planned");
  });

const oneRun = z.object({ run: Run });
const byId = { run: "id" } as const;

export const runs = family(
  "runs",
  { context: "deploy", about: "Plans, applies and destroys of a Capsule." },
  {
    create: post("/api/runs", {
      summary: "Queue a plan, or make an apply or destroy of a plan that waits for its approval",
      access: can("run:plan", { capsule: "capsule_id" }, { run: "plan_run_id" }),
      audit: "run.created",
      body: CreateRun,
      examples: [
        { summary: "Plan a Capsule", value: { kind: "plan", capsule_id: exampleId("capsule"), message: "Say hello" } },
        { summary: "Plan its end", value: { kind: "plan", capsule_id: exampleId("capsule"), mode: "destroy" } },
        {
          summary: "Plan with a variable of this Run alone, and only a part",
          value: {
            kind: "plan",
            capsule_id: exampleId("capsule"),
            targets: ["terraform_data.hello"],
            variables: [{ name: "greeting", value: "good evening" }],
          },
        },
        { summary: "An apply that waits for its approval", value: { kind: "apply", plan_run_id: exampleId("run") } },
      ],
      output: oneRun,
      status: 201,
      errors: ["CONFLICT", "GONE"],
    }),
    list: get("/api/runs", {
      summary: "Runs of a Capsule, a Project or a Workspace, newest first; plans without their resource changes",
      about:
        "`needs=me` are those that wait for the caller: to approve, to recover, or to be given a connection. A deleted Capsule's Runs stay readable.",
      access: can("run:read", { kept_capsule: "capsule_id" }, { project: "project_id" }, { workspace: "workspace_id" }),
      query: z.object({
        capsule_id: idOf("kept_capsule").optional(),
        project_id: idOf("project").optional(),
        workspace_id: workspaceId.optional(),
        status: RunStatus.optional(),
        kind: RunKind.optional(),
        actor_id: z.string().max(64).optional(),
        needs: z.enum(["me"]).optional(),
        ...paging,
      }),
      output: z.object({ runs: z.array(Run), ...nextCursor }),
    }),
    read: get("/api/runs/:id", { summary: "A Run", access: can("run:read", byId), output: oneRun }),
    changes: get("/api/runs/:id/changes", {
      summary: "Every resource that a plan changes, the riskiest first",
      about: "Of an apply or destroy: what its plan changes. Without `module` all modules, with an empty one the root module.",
      access: can("run:read", byId),
      query: z.object({
        action: ChangeAction.optional(),
        risk: Risk.optional(),
        module: z.string().max(2_000).optional(),
        /** A part of the address, in upper or lower case. */
        q: z.string().min(1).max(200).optional(),
        ...paging,
      }),
      output: z.object({ changes: z.array(ResourceChange), ...nextCursor }),
    }),
    logs: get("/api/runs/:id/logs", {
      summary: "The log of a Run from a byte offset; as text/plain with Accept: text/plain",
      access: can("run:read", byId),
      query: z.object({
        offset: z.coerce.number<number>().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
        limit: count(4 * MiB).default(MiB),
      }),
      output: z
        .object({ log: z.string(), offset: z.int(), next_offset: z.int(), complete: z.boolean() })
        .meta({ examples: [{ log: "OpenTofu will perform the following actions:\n", offset: 0, next_offset: 45, complete: false }] }),
      plain: "log",
      errors: ["GONE"],
    }),
    approve: post("/api/runs/:id/approve", {
      summary: "Execute exactly the plan that was reviewed",
      access: can("run:approve", byId),
      audit: "run.approved",
      body: z.strictObject({ plan_digest: Digest.optional(), message: message.optional() }),
      examples: [{ summary: "Exactly the plan that was read", value: { plan_digest: exampleDigest, message: "Looks right" } }],
      output: oneRun,
      errors: ["CONFLICT"],
    }),
    discard: post("/api/runs/:id/discard", {
      summary: "Give up a plan, or an apply that waits for its approval",
      access: can("run:plan", byId),
      audit: "run.discarded",
      body: z.strictObject({ message: message.optional() }),
      examples: [{ summary: "With the reason", value: { message: "Not today" } }],
      output: oneRun,
      errors: ["CONFLICT"],
    }),
    cancel: post("/api/runs/:id/cancel", {
      summary: "Stop a Run: one that runs is interrupted and its state recorded",
      access: can("run:cancel", byId),
      audit: "run.cancel_requested",
      body: z.strictObject({ message: message.optional() }),
      examples: [{ summary: "With the reason", value: { message: "Wrong Capsule" } }],
      output: oneRun,
      errors: ["CONFLICT"],
    }),
    retry: post("/api/runs/:id/retry", {
      summary: "Plan again with the same inputs, or apply again a plan whose apply never started",
      access: can("run:plan", byId),
      audit: "run.retried",
      body: z.strictObject({ message: message.optional() }),
      examples: [{ summary: "With the reason", value: { message: "The registry is back" } }],
      output: oneRun,
      status: 201,
      errors: ["CONFLICT", "GONE"],
    }),
    recover: post("/api/runs/:id/recover", {
      summary: "Say what the state is after a lost apply, and free its Capsule",
      access: can("run:recover", byId),
      audit: "run.recovered",
      body: z
        .strictObject({
          action: z.enum(["adopt_checkpoint", "upload_state", "keep_previous"]),
          digest: Digest.optional(),
          state: z
            .string()
            .max(16 * MiB)
            .optional(),
          ledger_acknowledged: z.boolean().default(false),
        })
        .superRefine(({ action, digest, state }, context) => {
          const wrong = (path: string, text: string) => context.addIssue({ code: "custom", path: [path], message: text });
          if (action === "adopt_checkpoint" && digest === undefined)
            wrong("digest", "adopt_checkpoint needs the digest of the checkpoint that was looked at");
          if (action === "upload_state" && state === undefined) wrong("state", "upload_state needs the state as the text of its JSON");
          if (action !== "upload_state" && state !== undefined) wrong("state", `belongs to upload_state, not to ${action}`);
        }),
      examples: [
        { summary: "The state is what it was", value: { action: "keep_previous", ledger_acknowledged: true } },
        { summary: "The last checkpoint", value: { action: "adopt_checkpoint", digest: exampleDigest, ledger_acknowledged: true } },
      ],
      output: oneRun,
      limit: 20 * MiB,
      errors: ["CONFLICT", "PRECONDITION_FAILED"],
    }),
  },
);
