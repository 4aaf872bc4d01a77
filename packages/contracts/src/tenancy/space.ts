import { z } from "zod";
import type { Role } from "../access.ts";
import { opaqueId, timestamp, visible } from "../fields.ts";
import { spaceExample } from "./examples/space.ts";

export const memberRoles = ["owner", "admin", "editor", "viewer"] as const satisfies readonly Role[];
/** What somebody may be made: there is one owner, and `transfer` alone makes another one. */
export const givenRoles = ["admin", "editor", "viewer"] as const;
export const postures = ["standard", "restricted_egress"] as const;
export const spaceName = z.string().trim().min(1, "is blank").max(100).regex(visible, "holds a control character");

/** A space: the same thing as a Workspace. */
export const Space = z
  .object({
    id: opaqueId,
    slug: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    kind: z.enum(["user", "team", "system"]),
    owner_principal_id: opaqueId.nullable(),
    automation_principal_id: opaqueId.nullable(),
    security_posture: z.enum(postures),
    /** Of the caller. */
    role: z.enum(memberRoles),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: "Space", examples: [spaceExample] });
/** Null until this instance hosts code. */
export const SpaceRepository = z.null().meta({ examples: [null] });
