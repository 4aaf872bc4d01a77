import type { Recipe } from "../define.ts";
import { optional, pem, plain, secret, token, url } from "../fields.ts";

/** AppRole has no variables of its own: its ids are arguments of a block that only the module can write. */
export const vault = {
  id: "vault",
  title: "Vault",
  about: "Secrets, policies and mounts of a Vault or OpenBao server.",
  providers: ["registry.opentofu.org/hashicorp/vault"],
  defaultMode: "token",
  modes: {
    token: {
      title: "Token",
      about: "A token; the provider makes a child token of it for each phase.",
      fields: {
        VAULT_ADDR: plain("Address", "Of the server.", { ...url, example: "https://vault.example.com:8200" }),
        VAULT_TOKEN: secret("Token", "With the policies that the module needs.", token),
        PLAN_TOKEN: secret("Token for plans", "One that may only read, used while a plan is made.", { ...token, ...optional }),
        VAULT_NAMESPACE: plain("Namespace", "Where the server has such.", {
          ...optional,
          pattern: "[\\w./-]{1,256}",
          example: "team/prod",
        }),
        CA_CERTIFICATE: plain("CA certificate", "PEM of the CA that signed the server's.", { ...optional, ...pem }),
      },
      env: {
        VAULT_ADDR: { field: "VAULT_ADDR" },
        VAULT_TOKEN: { field: "VAULT_TOKEN", plan: "PLAN_TOKEN" },
        VAULT_NAMESPACE: { field: "VAULT_NAMESPACE" },
        VAULT_CACERT: { file: "ca.pem" },
      },
      files: { "ca.pem": { field: "CA_CERTIFICATE" } },
    },
  },
} as const satisfies Recipe;
