import { z } from "zod";
import { visible } from "../fields.ts";
import { prefixes } from "../ids.ts";

/** Words that nobody is called: routes of ours, roles, and what could be taken for somebody who speaks for the instance. */
const reserved = new Set(
  `system admin administrator root superuser moderator mod yurucommu official verified staff team support help api app apps www web home
about blog news docs documentation wiki faq contact feedback legal terms privacy policy login logout signin signout signup register auth
oauth sso settings profile account dashboard console panel explore trending popular featured discover search notifications messages inbox
following followers likes bookmarks null undefined none anonymous guest unknown deleted suspended banned test testing demo example sample
me`.split(/\s+/),
);
/** "ws_x" could be taken for an id. */
const idShaped = new RegExp(`^(?:${Object.values(prefixes).join("|")})`);

/** What is wrong with a username or slug; null where nothing is. Only ASCII passes: no letter looks like another one. */
export function nameProblem(name: string): string | null {
  if (!/^[A-Za-z0-9_-]*$/.test(name)) return "may hold the letters a to z, digits, _ and -";
  if (name.length < 3 || name.length > 30) return "has 3 to 30 characters";
  if (!/^[A-Za-z0-9]/.test(name)) return "begins with a letter or a digit";
  if (/[_-]$/.test(name)) return "does not end with _ or -";
  if (/[_-]{2}/.test(name)) return "does not hold two of _ and - next to each other";
  const lower = name.toLowerCase();
  if (reserved.has(lower)) return "is a reserved word";
  return idShaped.test(lower) ? "begins as an id does" : null;
}

/** A name in the one namespace of usernames and slugs, in lower case. */
const named = (bare: (given: string) => string) =>
  z
    .string()
    .max(100)
    .superRefine((given, { addIssue }) => {
      const message = nameProblem(bare(given));
      if (message) addIssue({ code: "custom", message });
    })
    .overwrite((given) => bare(given).toLowerCase());
/** A username, also written as "@ada". */
export const username = named((given) => given.trim().replace(/^@/, "")).meta({ examples: ["ada"] });
/** Said of oneself; one line. */
export const displayName = z.string().trim().min(1).max(100).regex(visible, "holds a control character");
