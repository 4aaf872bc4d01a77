import { auth } from "@takosumi/contracts/identity/auth";
import { clearedCookie } from "../../instance/web.ts";
import type { Resources } from "../../resources.ts";
import { implement } from "../../world.ts";
import { holdAccount, identitiesOf, readAccount, writeProfile } from "../account/repository.ts";
import { aboutRename, changeUsername } from "../account/service.ts";
import { mailReset, prepareReset, resetPassword } from "../passwords/reset.ts";
import { signInByCode, signInByPassword, signOut } from "../sign-in/service.ts";

export const authHandlers = (resources: Pick<Resources, "db" | "keyring" | "oidc" | "settings">) => {
  const { db, oidc, settings } = resources;
  return implement(auth, {
    me: async ({ principal }) => {
      const [{ email, username, name, picture }, identities] = await Promise.all([
        readAccount(db, principal.id),
        identitiesOf(db, principal.id),
      ]);
      const auth_identities = identities.map(({ issuer, email: at }) => ({ provider: issuer, email: at }));
      return { user: { email, username, display_name: name, avatar_url: picture, auth_identities } };
    },
    setupUsername: async ({ input, principal, write }) => {
      const { username } = await write((tx) => changeUsername(tx, principal.id, input.username), aboutRename);
      return { success: true, username };
    },
    updateProfile: async ({ input: { display_name, avatar_url }, principal, write }) => {
      await write(
        async (tx) => {
          const held = await holdAccount(tx, principal.id);
          const next = { name: display_name ?? held.name, picture: avatar_url === undefined ? held.picture : avatar_url || null };
          await writeProfile(tx, held.id, next.name, next.picture);
          return { ...held, ...next };
        },
        ({ name }) => ({ metadata: { name } }),
      );
      return { success: true };
    },
    logout: async (call) => {
      await signOut(call);
      return { status: 200, output: { success: true }, cookies: [clearedCookie(settings.public_url)] };
    },
    methods: () => ({ password: true, code: true, oidc: oidc && { issuer: oidc.issuer, login_url: `${settings.public_url}/auth/login` } }),
    code: async (call) => signedIn(await signInByCode(resources, call, call.input.code)),
    reset: async ({ input: { username, code, new_password }, write }) => {
      if (code === undefined || new_password === undefined) {
        await mailReset(resources, username ?? "");
        return { success: true };
      }
      const prepared = await prepareReset(new_password);
      await write(
        (tx) => resetPassword(tx, code, prepared),
        ({ id, name }) => ({ actor: { id, kind: "user", name }, metadata: { by: "mail" } }),
      );
      return { success: true };
    },
    password: async (call) => signedIn(await signInByPassword(resources, call, call.input.username, call.input.password)),
  });
};

const signedIn = ({ cookie, ...output }: Awaited<ReturnType<typeof signInByCode>>) => ({ status: 200 as const, output, cookies: [cookie] });
