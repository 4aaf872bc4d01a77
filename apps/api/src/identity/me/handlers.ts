import { ApiError } from "@takosumi/contracts/errors";
import { me } from "@takosumi/contracts/identity/me";
import type { AccountSettings } from "@takosumi/db/rows";
import { cookieOf } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { holdAccount, readAccount, spaceOf, writeSettings } from "../account/repository.ts";
import { aboutRename, changeUsername } from "../account/service.ts";
import { preparePassword, setPassword } from "../passwords/service.ts";
import { newSession, sessionSeconds } from "../sessions/service.ts";
import { newCode } from "../sign-in/codes.ts";
import { insertCode } from "../sign-in/repository.ts";
import { shownMe, shownSettings } from "./shown.ts";

export const meHandlers = ({ db, settings }: Pick<Resources, "db" | "settings">) =>
  implement(me, {
    read: async ({ principal }) => shownMe(await readAccount(db, principal.id)),
    personalSpace: async ({ principal }) => {
      const space = await spaceOf(db, principal.id);
      if (!space) throw new ApiError("NOT_FOUND", "This account has no space of its own");
      const { id, slug, name, owner_id, created_at, updated_at } = space;
      const times = { created_at: created_at.toISOString(), updated_at: updated_at.toISOString() };
      return { space: { id, slug, name, owner_principal_id: owner_id, kind: "user", ...times } };
    },
    settings: async ({ principal }) => shownSettings(await readAccount(db, principal.id)),
    updateSettings: async ({ input, principal, write }) =>
      shownSettings(
        await write(
          async (tx) => {
            const held = await holdAccount(tx, principal.id);
            const next: AccountSettings = { ...held.settings, ...given(input) };
            await writeSettings(tx, held.id, next);
            return { ...held, settings: next };
          },
          { metadata: { changed: Object.keys(given(input)) } },
        ),
      ),
    rename: async ({ input, principal, write }) => {
      const { username } = await write((tx) => changeUsername(tx, principal.id, input.username), aboutRename);
      return { success: true, username };
    },
    setPassword: async ({ input, principal, from, write }) => {
      const prepared = await preparePassword(db, principal.id, input);
      const next = newSession({ user_id: principal.id, kind: "browser", method: "password", from });
      await write((tx) => setPassword(tx, principal.id, prepared, next.row));
      return { status: 200, output: { success: true }, cookies: [cookieOf(settings.public_url, next.token, sessionSeconds)] };
    },
    signInCode: async ({ principal, write }) => {
      if (principal.scopes !== "*")
        throw new ApiError("FORBIDDEN", "A session may do all that the account may: a token of fewer scopes cannot make one", {
          reason: "scope",
        });
      const made = newCode(principal.id, "sign_in");
      await write(async (tx) => {
        await insertCode(tx, made.row);
        return readAccount(tx, principal.id);
      });
      const url = `${settings.public_url}/console/welcome#${made.code}`;
      return { code: made.code, url, expires_at: made.row.expires_at.toISOString() };
    },
  });

type Said<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };
/** What was said, without what was left out. */
const given = <T extends object>(input: T): Said<T> =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as Said<T>;
