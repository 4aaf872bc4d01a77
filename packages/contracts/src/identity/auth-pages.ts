import { z } from "zod";
import { anyone } from "../access.ts";
import { family, protocol } from "../define.ts";

const html = ["text/html"] as const;

export const authPages = family(
  "authPages",
  {
    context: "identity",
    about: "The pages that links in mails lead to. What such a link holds stands in its fragment, which no server and no log sees.",
  },
  {
    invitePage: protocol.get("/console/invite", {
      summary: "Where the link of an invitation leads",
      access: anyone,
      audit: "none: a page",
      produces: html,
    }),
    submitInvite: protocol.post("/console/invite", {
      summary: "Shows what an invitation offers, and takes or declines it",
      access: anyone,
      audit: "invitation.accepted",
      body: z.strictObject({
        token: z.string().min(1).max(128),
        action: z.enum(["show", "accept", "decline"]).default("show"),
        username: z.string().max(100).optional(),
        password: z.string().max(256).optional(),
      }),
      examples: [{ summary: "What the page sends", value: { token: "what-stood-in-the-link" } }],
      produces: html,
    }),
    resetPage: protocol.get("/console/reset", {
      summary: "Where the link to a new password leads",
      access: anyone,
      audit: "none: a page",
      produces: html,
    }),
    submitReset: protocol.post("/console/reset", {
      summary: "Mails a link to the address of an account, or sets the new password with what stood in one",
      access: anyone,
      audit: "user.password_changed",
      body: z
        .strictObject({
          username: z.string().min(1).max(100).optional(),
          code: z.string().max(200).optional(),
          new_password: z.string().max(256).optional(),
        })
        .refine(
          ({ username, code, new_password }) =>
            (username === undefined) !== (code === undefined) && (code === undefined) === (new_password === undefined),
          "takes a username, or a code and a new password",
        ),
      examples: [
        { summary: "Ask for a link", value: { username: "ada" } },
        { summary: "What the page sends", value: { code: "what-stood-in-the-link", new_password: "correct horse battery staple" } },
      ],
      produces: html,
    }),
  },
);
