import type { ByArguments, Field, Recipe } from "../define.ts";

const keys = {
  AWS_ACCESS_KEY_ID: {
    title: "Access key id",
    about: "Of an IAM user made for this purpose.",
    secret: true,
    required: true,
    pattern: "[A-Za-z0-9]{16,128}",
    example: "AKIAIOSFODNN7EXAMPLE",
  },
  AWS_SECRET_ACCESS_KEY: {
    title: "Secret access key",
    about: "Shown once, when the key is made.",
    secret: true,
    required: true,
    pattern: "[A-Za-z0-9/+=]{16,256}",
  },
} as const satisfies Record<string, Field>;

const AWS_REGION = {
  title: "Region",
  about: "For provider blocks that name none.",
  secret: false,
  required: false,
  pattern: "[a-z]{2}(-[a-z]+)+-\\d",
  example: "eu-central-1",
} as const satisfies Field;

const roleArn = "arn:aws[a-z-]*:iam::\\d{12}:role/[\\w+=,.@/-]{1,512}";

/** A profile beats the variables of the process, and a region in the provider block beats the profile's. */
const byArguments = {
  files: {
    credentials: {
      pieces: [
        "[takosumi]\n",
        { before: "aws_access_key_id = ", field: "AWS_ACCESS_KEY_ID", after: "\n" },
        { before: "aws_secret_access_key = ", field: "AWS_SECRET_ACCESS_KEY", after: "\n" },
        { before: "aws_session_token = ", field: "AWS_SESSION_TOKEN", after: "\n" },
      ],
    },
    config: { pieces: ["[profile takosumi]\n", { before: "region = ", field: "AWS_REGION", after: "\n" }] },
  },
  arguments: {
    profile: { literal: "takosumi" },
    shared_credentials_files: { files: ["credentials"] },
    shared_config_files: { files: ["config"] },
  },
} as const satisfies ByArguments;

export const aws = {
  id: "aws",
  title: "Amazon Web Services",
  about: "Everything that the AWS provider manages.",
  providers: ["registry.opentofu.org/hashicorp/aws", "registry.opentofu.org/hashicorp/awscc"],
  defaultMode: "static_keys",
  modes: {
    static_keys: {
      title: "Access key",
      about: "A long-lived key, injected as it is.",
      fields: {
        ...keys,
        AWS_SESSION_TOKEN: {
          title: "Session token",
          about: "Of temporary credentials that you made yourself.",
          secret: true,
          required: false,
        },
        AWS_REGION,
      },
      env: {
        AWS_ACCESS_KEY_ID: { field: "AWS_ACCESS_KEY_ID" },
        AWS_SECRET_ACCESS_KEY: { field: "AWS_SECRET_ACCESS_KEY" },
        AWS_SESSION_TOKEN: { field: "AWS_SESSION_TOKEN" },
        AWS_REGION: { field: "AWS_REGION" },
      },
      byArguments,
    },
    assume_role: {
      title: "Assumed role",
      about: "A key that may only assume a role. Each phase gets temporary credentials of that role, and never the key.",
      fields: {
        ...keys,
        AWS_ROLE_ARN: {
          title: "Role",
          about: "ARN of the role that plans and applies are made with.",
          secret: false,
          required: true,
          pattern: roleArn,
          example: "arn:aws:iam::123456789012:role/deploy",
        },
        PLAN_ROLE_ARN: {
          title: "Role for plans",
          about: "ARN of a role that may only read, assumed while a plan is made.",
          secret: false,
          required: false,
          pattern: roleArn,
        },
        AWS_EXTERNAL_ID: {
          title: "External id",
          about: "Where the role's trust policy asks for one.",
          secret: true,
          required: false,
          pattern: "[\\w+=,.@:/-]{2,1224}",
        },
        SESSION_SECONDS: {
          title: "Session length",
          about: "Seconds that the temporary credentials live; the role must allow as many.",
          secret: false,
          required: false,
          pattern: "9\\d\\d|[1-3]\\d{4}|4[0-2]\\d{3}|43[01]\\d\\d|43200|[1-9]\\d{3}",
          default: "3600",
        },
        AWS_REGION: { ...AWS_REGION, about: "For provider blocks that name none, and for STS." },
      },
      env: {
        AWS_ACCESS_KEY_ID: { field: "AWS_ACCESS_KEY_ID" },
        AWS_SECRET_ACCESS_KEY: { field: "AWS_SECRET_ACCESS_KEY" },
        AWS_SESSION_TOKEN: { field: "AWS_SESSION_TOKEN" },
        AWS_REGION: { field: "AWS_REGION" },
      },
      exchange: "aws_sts_assume_role",
      byArguments,
    },
  },
} as const satisfies Recipe;
