import type { Recipe } from "../define.ts";
import { optional, plain, secret, uuid } from "../fields.ts";

const identity = {
  ARM_TENANT_ID: plain("Tenant id", "Of the directory.", uuid),
  ARM_SUBSCRIPTION_ID: plain("Subscription id", "For blocks that name none.", { ...uuid, ...optional }),
  ARM_CLIENT_ID: plain("Client id", "Of the application that stands for this connection.", uuid),
  ARM_ENVIRONMENT: plain("Cloud", "Where it is not the public one.", { ...optional, choices: ["public", "usgovernment", "china"] }),
};
const identityEnv = {
  ARM_TENANT_ID: { field: "ARM_TENANT_ID" },
  ARM_SUBSCRIPTION_ID: { field: "ARM_SUBSCRIPTION_ID" },
  ARM_CLIENT_ID: { field: "ARM_CLIENT_ID", plan: "PLAN_CLIENT_ID" },
  ARM_ENVIRONMENT: { field: "ARM_ENVIRONMENT" },
};
const { ARM_CLIENT_ID: _, ...alwaysEnv } = identityEnv;

export const azurerm = {
  id: "azurerm",
  title: "Microsoft Azure",
  about: "Azure, its API as it is, and Entra ID.",
  providers: ["registry.opentofu.org/hashicorp/azurerm", "registry.opentofu.org/hashicorp/azuread", "registry.opentofu.org/azure/azapi"],
  defaultMode: "client_secret",
  modes: {
    client_secret: {
      title: "Client secret",
      about: "An application with a secret.",
      fields: {
        ...identity,
        ARM_CLIENT_SECRET: secret("Client secret", "The value, not the id.", { pattern: "[!-~]{8,512}" }),
        PLAN_CLIENT_ID: plain("Client id for plans", "Of an application that may only read, used while a plan is made.", {
          ...uuid,
          ...optional,
        }),
        PLAN_CLIENT_SECRET: secret("Client secret for plans", "Of that application.", { ...optional, pattern: "[!-~]{8,512}" }),
      },
      together: [["PLAN_CLIENT_ID", "PLAN_CLIENT_SECRET"]],
      env: { ...identityEnv, ARM_CLIENT_SECRET: { field: "ARM_CLIENT_SECRET", plan: "PLAN_CLIENT_SECRET" } },
      byArguments: {
        files: {
          "client-id": { field: "ARM_CLIENT_ID", plan: "PLAN_CLIENT_ID" },
          "client-secret": { field: "ARM_CLIENT_SECRET", plan: "PLAN_CLIENT_SECRET" },
        },
        arguments: {
          tenant_id: { field: "ARM_TENANT_ID" },
          client_id_file_path: { file: "client-id" },
          client_secret_file_path: { file: "client-secret" },
          subscription_id: { field: "ARM_SUBSCRIPTION_ID", yields: true },
          environment: { field: "ARM_ENVIRONMENT", yields: true },
        },
      },
    },
    client_certificate: {
      title: "Client certificate",
      about: "An application with a certificate.",
      fields: {
        ...identity,
        ARM_CLIENT_CERTIFICATE: secret("Certificate", "The PKCS#12 bundle, certificate and key, as base64.", {
          multiline: true,
          pattern: "[A-Za-z0-9+/=\\s]{100,}",
        }),
        ARM_CLIENT_CERTIFICATE_PASSWORD: secret("Password of the bundle", "Where it has one.", optional),
      },
      env: {
        ...alwaysEnv,
        ARM_CLIENT_ID: { field: "ARM_CLIENT_ID" },
        ARM_CLIENT_CERTIFICATE: { field: "ARM_CLIENT_CERTIFICATE" },
        ARM_CLIENT_CERTIFICATE_PASSWORD: { field: "ARM_CLIENT_CERTIFICATE_PASSWORD" },
      },
    },
    oidc_token: {
      title: "OIDC token",
      about: "A token of an identity provider that the application trusts.",
      fields: { ...identity, ARM_OIDC_TOKEN: secret("Token", "Made somewhere else, shortly before.", { pattern: "[\\w.-]{20,8000}" }) },
      env: {
        ...alwaysEnv,
        ARM_CLIENT_ID: { field: "ARM_CLIENT_ID" },
        ARM_OIDC_TOKEN: { field: "ARM_OIDC_TOKEN" },
        ARM_USE_OIDC: { literal: "true" },
      },
    },
  },
} as const satisfies Recipe;
