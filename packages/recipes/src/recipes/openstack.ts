import type { Recipe } from "../define.ts";
import { optional, pem, plain, secret, url } from "../fields.ts";

const name = { max: 255 };
const where = {
  OS_AUTH_URL: plain("Identity address", "Of Keystone.", { ...url, example: "https://identity.example.com/v3" }),
  OS_REGION_NAME: plain("Region", "For blocks that name none.", { ...optional, ...name, example: "RegionOne" }),
  CA_CERTIFICATE: plain("CA certificate", "PEM of the CA that signed the cloud's.", { ...optional, ...pem }),
};
const whereEnv = { OS_AUTH_URL: { field: "OS_AUTH_URL" }, OS_REGION_NAME: { field: "OS_REGION_NAME" }, OS_CACERT: { file: "ca.pem" } };
const files = { "ca.pem": { field: "CA_CERTIFICATE" } };

export const openstack = {
  id: "openstack",
  title: "OpenStack",
  about: "Servers, networks and volumes of an OpenStack cloud.",
  providers: ["registry.opentofu.org/terraform-provider-openstack/openstack"],
  defaultMode: "application_credential",
  modes: {
    application_credential: {
      title: "Application credential",
      about: "Made by a user for one project.",
      fields: {
        ...where,
        OS_APPLICATION_CREDENTIAL_ID: plain("Credential id", "Of the application credential.", { pattern: "[\\w-]{1,64}" }),
        OS_APPLICATION_CREDENTIAL_SECRET: secret("Credential secret", "Shown once, when it is made."),
        PLAN_CREDENTIAL_ID: plain("Credential id for plans", "Of one that may only read, used while a plan is made.", {
          ...optional,
          pattern: "[\\w-]{1,64}",
        }),
        PLAN_CREDENTIAL_SECRET: secret("Credential secret for plans", "Belongs to it.", optional),
      },
      together: [["PLAN_CREDENTIAL_ID", "PLAN_CREDENTIAL_SECRET"]],
      env: {
        ...whereEnv,
        OS_APPLICATION_CREDENTIAL_ID: { field: "OS_APPLICATION_CREDENTIAL_ID", plan: "PLAN_CREDENTIAL_ID" },
        OS_APPLICATION_CREDENTIAL_SECRET: { field: "OS_APPLICATION_CREDENTIAL_SECRET", plan: "PLAN_CREDENTIAL_SECRET" },
      },
      files,
    },
    password: {
      title: "Password",
      about: "A user, and the project that it works in.",
      fields: {
        ...where,
        OS_USERNAME: plain("User", "Its name.", name),
        OS_PASSWORD: secret("Password", "Of the user."),
        OS_PROJECT_ID: plain("Project id", "Or its name below.", { ...optional, pattern: "[\\w-]{1,64}" }),
        OS_PROJECT_NAME: plain("Project name", "Or its id above.", { ...optional, ...name }),
        OS_USER_DOMAIN_NAME: plain("Domain of the user", "By name.", { ...optional, ...name, example: "Default" }),
        OS_PROJECT_DOMAIN_NAME: plain("Domain of the project", "By name.", { ...optional, ...name, example: "Default" }),
      },
      oneOf: [["OS_PROJECT_ID", "OS_PROJECT_NAME"]],
      env: {
        ...whereEnv,
        OS_USERNAME: { field: "OS_USERNAME" },
        OS_PASSWORD: { field: "OS_PASSWORD" },
        OS_PROJECT_ID: { field: "OS_PROJECT_ID" },
        OS_PROJECT_NAME: { field: "OS_PROJECT_NAME" },
        OS_USER_DOMAIN_NAME: { field: "OS_USER_DOMAIN_NAME" },
        OS_PROJECT_DOMAIN_NAME: { field: "OS_PROJECT_DOMAIN_NAME" },
      },
      files,
    },
    clouds_yaml: {
      title: "clouds.yaml",
      about: "The file, and which of its clouds.",
      fields: {
        CLOUDS_YAML: secret("clouds.yaml", "The text of the file.", { multiline: true }),
        OS_CLOUD: plain("Cloud", "Its name in the file.", { ...name, example: "prod" }),
      },
      env: { OS_CLIENT_CONFIG_FILE: { file: "clouds.yaml" }, OS_CLOUD: { field: "OS_CLOUD" } },
      files: { "clouds.yaml": { field: "CLOUDS_YAML" } },
    },
  },
} as const satisfies Recipe;
