import { forPlan, pem, type Row, same, uuid } from "./rows.ts";

const profile = (key: string, secret: string, token: string) =>
  `[takosumi]\naws_access_key_id = ${key}\naws_secret_access_key = ${secret}\naws_session_token = ${token}\n`;
const awsArguments = {
  profile: "takosumi",
  shared_credentials_files: "{folder}/credentials",
  shared_config_files: "{folder}/config",
};
const config = "[profile takosumi]\nregion = {AWS_REGION}\n";
/** What the STS of the test answers for a role, by its name. */
const assumed = (role: string) => [`ASIA${role.toUpperCase()}#`, `temporary/secret+${role}#`, `temporary-token-of-${role}#==`] as const;
const [planKey, planSecret, planToken] = assumed("reads");
const [applyKey, applySecret, applyToken] = assumed("deploys");

const azure = {
  ARM_TENANT_ID: uuid("1111"),
  ARM_SUBSCRIPTION_ID: uuid("2222"),
  ARM_CLIENT_ID: uuid("3333"),
  ARM_ENVIRONMENT: "usgovernment",
};
const place = { GOOGLE_PROJECT: "acme-prod-#", GOOGLE_REGION: "europe-west#", GOOGLE_ZONE: "europe-west#-b" };
const key = '{"type":"service_account","private_key":"-----BEGIN-#-pretend"}';
const openstack = { OS_AUTH_URL: "https://identity#.example.com/v3", OS_REGION_NAME: "RegionOf#", CA_CERTIFICATE: pem("CERTIFICATE") };
const openstackFiles = { "ca.pem": { env: "OS_CACERT", content: "{CA_CERTIFICATE}" } };
const openstackEnv = same("OS_AUTH_URL", "OS_REGION_NAME");

/** The large clouds. */
export const clouds: Readonly<Record<string, Row>> = {
  "aws static_keys": {
    provider: "hashicorp/aws",
    values: {
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPL#",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE#",
      AWS_SESSION_TOKEN: "session-token-number-#",
      AWS_REGION: "eu-central-#",
    },
    env: same("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"),
    byArguments: {
      files: { credentials: profile("{AWS_ACCESS_KEY_ID}", "{AWS_SECRET_ACCESS_KEY}", "{AWS_SESSION_TOKEN}"), config },
      arguments: awsArguments,
    },
  },
  "aws assume_role": {
    provider: "hashicorp/aws",
    values: {
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPL#",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE#",
      AWS_ROLE_ARN: "arn:aws:iam::123456789012:role/deploys#",
      PLAN_ROLE_ARN: "arn:aws:iam::123456789012:role/reads#",
      AWS_EXTERNAL_ID: "external-id-number-#",
      SESSION_SECONDS: "900",
      AWS_REGION: "eu-central-#",
    },
    env: {
      AWS_ACCESS_KEY_ID: { plan: planKey, apply: applyKey },
      AWS_SECRET_ACCESS_KEY: { plan: planSecret, apply: applySecret },
      AWS_SESSION_TOKEN: { plan: planToken, apply: applyToken },
      ...same("AWS_REGION"),
    },
    byArguments: {
      files: { credentials: { plan: profile(planKey, planSecret, planToken), apply: profile(applyKey, applySecret, applyToken) }, config },
      arguments: awsArguments,
    },
  },
  "google service_account_json": {
    provider: "hashicorp/google",
    values: {
      SERVICE_ACCOUNT_JSON: key,
      ...place,
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: "deploys#@acme.iam.gserviceaccount.com",
      PLAN_IMPERSONATE_SERVICE_ACCOUNT: "reads#@acme.iam.gserviceaccount.com",
    },
    env: {
      ...same(...Object.keys(place)),
      ...forPlan("PLAN_IMPERSONATE_SERVICE_ACCOUNT", "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"),
    },
    files: { "service-account.json": { env: "GOOGLE_APPLICATION_CREDENTIALS", content: "{SERVICE_ACCOUNT_JSON}" } },
    byArguments: {
      files: { "service-account.json": "{SERVICE_ACCOUNT_JSON}" },
      arguments: {
        credentials: "{folder}/service-account.json",
        project: "{GOOGLE_PROJECT}",
        region: "{GOOGLE_REGION}",
        zone: "{GOOGLE_ZONE}",
        impersonate_service_account: "{GOOGLE_IMPERSONATE_SERVICE_ACCOUNT}",
      },
    },
  },
  "google access_token": {
    provider: "hashicorp/google-beta",
    values: { GOOGLE_OAUTH_ACCESS_TOKEN: "ya29.access-token-number-#", ...place },
    env: same("GOOGLE_OAUTH_ACCESS_TOKEN", ...Object.keys(place)),
  },
  "azurerm client_secret": {
    provider: "hashicorp/azurerm",
    values: {
      ...azure,
      ARM_CLIENT_SECRET: "client-secret-number-#",
      PLAN_CLIENT_ID: uuid("4444"),
      PLAN_CLIENT_SECRET: "client-secret-for-plans-#",
    },
    env: {
      ...same("ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID", "ARM_ENVIRONMENT"),
      ...forPlan("PLAN_CLIENT_ID", "ARM_CLIENT_ID"),
      ...forPlan("PLAN_CLIENT_SECRET", "ARM_CLIENT_SECRET"),
    },
    byArguments: {
      files: {
        "client-id": { plan: "{PLAN_CLIENT_ID}", apply: "{ARM_CLIENT_ID}" },
        "client-secret": { plan: "{PLAN_CLIENT_SECRET}", apply: "{ARM_CLIENT_SECRET}" },
      },
      arguments: {
        tenant_id: "{ARM_TENANT_ID}",
        client_id_file_path: "{folder}/client-id",
        client_secret_file_path: "{folder}/client-secret",
        subscription_id: "{ARM_SUBSCRIPTION_ID}",
        environment: "{ARM_ENVIRONMENT}",
      },
    },
  },
  "azurerm client_certificate": {
    provider: "hashicorp/azuread",
    values: { ...azure, ARM_CLIENT_CERTIFICATE: "TUlJpretend#".repeat(12), ARM_CLIENT_CERTIFICATE_PASSWORD: "of the bundle #" },
    env: same(...Object.keys(azure), "ARM_CLIENT_CERTIFICATE", "ARM_CLIENT_CERTIFICATE_PASSWORD"),
  },
  "azurerm oidc_token": {
    provider: "azure/azapi",
    values: { ...azure, ARM_OIDC_TOKEN: "header.payload-of-a-token-#.signature" },
    env: { ...same(...Object.keys(azure), "ARM_OIDC_TOKEN"), ARM_USE_OIDC: "true" },
  },
  "openstack application_credential": {
    provider: "terraform-provider-openstack/openstack",
    values: {
      ...openstack,
      OS_APPLICATION_CREDENTIAL_ID: "credential-#",
      OS_APPLICATION_CREDENTIAL_SECRET: "secret of the credential #",
      PLAN_CREDENTIAL_ID: "credential-for-plans-#",
      PLAN_CREDENTIAL_SECRET: "secret of that credential #",
    },
    env: {
      ...openstackEnv,
      ...forPlan("PLAN_CREDENTIAL_ID", "OS_APPLICATION_CREDENTIAL_ID"),
      ...forPlan("PLAN_CREDENTIAL_SECRET", "OS_APPLICATION_CREDENTIAL_SECRET"),
    },
    files: openstackFiles,
  },
  "openstack password": {
    provider: "terraform-provider-openstack/openstack",
    values: {
      ...openstack,
      OS_USERNAME: "user-#",
      OS_PASSWORD: "password of the user #",
      OS_PROJECT_ID: "project-#",
      OS_PROJECT_NAME: "Project #",
      OS_USER_DOMAIN_NAME: "Domain #",
      OS_PROJECT_DOMAIN_NAME: "Other domain #",
    },
    env: {
      ...openstackEnv,
      ...same("OS_USERNAME", "OS_PASSWORD", "OS_PROJECT_ID", "OS_PROJECT_NAME", "OS_USER_DOMAIN_NAME", "OS_PROJECT_DOMAIN_NAME"),
    },
    files: openstackFiles,
  },
  "openstack clouds_yaml": {
    provider: "terraform-provider-openstack/openstack",
    values: { CLOUDS_YAML: "clouds:\n  prod:\n    auth:\n      password: of-the-cloud-#\n", OS_CLOUD: "prod#" },
    env: same("OS_CLOUD"),
    files: { "clouds.yaml": { env: "OS_CLIENT_CONFIG_FILE", content: "{CLOUDS_YAML}" } },
  },
  "scaleway api_key": {
    provider: "scaleway/scaleway",
    values: {
      SCW_ACCESS_KEY: "SCWABCDEFGHIJKLMNOP#",
      SCW_SECRET_KEY: uuid("5555"),
      PLAN_ACCESS_KEY: "SCWREADSREADSREADSR#",
      PLAN_SECRET_KEY: uuid("6666"),
      SCW_DEFAULT_PROJECT_ID: uuid("7777"),
      SCW_DEFAULT_ORGANIZATION_ID: uuid("8888"),
      SCW_DEFAULT_REGION: "fr-par",
      SCW_DEFAULT_ZONE: "fr-par-#",
    },
    env: {
      ...forPlan("PLAN_ACCESS_KEY", "SCW_ACCESS_KEY"),
      ...forPlan("PLAN_SECRET_KEY", "SCW_SECRET_KEY"),
      ...same("SCW_DEFAULT_PROJECT_ID", "SCW_DEFAULT_ORGANIZATION_ID", "SCW_DEFAULT_REGION", "SCW_DEFAULT_ZONE"),
    },
  },
};
