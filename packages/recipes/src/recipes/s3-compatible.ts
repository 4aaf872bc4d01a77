import type { Recipe } from "../define.ts";
import { optional, plain, secret, token, url } from "../fields.ts";

export const s3Compatible = {
  id: "s3-compatible",
  title: "S3-compatible storage",
  about: "Buckets of a service that speaks S3 and is not AWS.",
  providers: ["registry.opentofu.org/hashicorp/aws", "registry.opentofu.org/aminueza/minio"],
  defaultMode: "keys",
  modes: {
    keys: {
      title: "Keys for the AWS provider",
      about: "The provider block still says skip_credentials_validation, skip_requesting_account_id and s3_use_path_style.",
      fields: {
        AWS_ACCESS_KEY_ID: secret("Access key id", "Of the service.", token),
        AWS_SECRET_ACCESS_KEY: secret("Secret access key", "Belongs to it.", token),
        AWS_ENDPOINT_URL_S3: plain("Endpoint", "Of the service.", { ...url, example: "https://s3.example.com" }),
        AWS_REGION: plain("Region", "What the service calls it.", { ...optional, pattern: "[\\w-]{1,64}", default: "us-east-1" }),
      },
      env: {
        AWS_ACCESS_KEY_ID: { field: "AWS_ACCESS_KEY_ID" },
        AWS_SECRET_ACCESS_KEY: { field: "AWS_SECRET_ACCESS_KEY" },
        AWS_ENDPOINT_URL_S3: { field: "AWS_ENDPOINT_URL_S3" },
        AWS_REGION: { field: "AWS_REGION" },
      },
    },
    minio: {
      title: "Keys for the MinIO provider",
      about: "User and password of the server.",
      fields: {
        MINIO_ENDPOINT: plain("Endpoint", "Host and port.", { pattern: "[^\\s/@]{1,512}", example: "minio.example.com:9000" }),
        MINIO_USER: secret("User", "Or access key id.", { pattern: "[!-~]{3,128}" }),
        MINIO_PASSWORD: secret("Password", "Or secret key.", token),
        MINIO_ENABLE_HTTPS: plain("HTTPS", "Whether the endpoint speaks it.", { ...optional, choices: ["true", "false"], default: "true" }),
      },
      env: {
        MINIO_ENDPOINT: { field: "MINIO_ENDPOINT" },
        MINIO_USER: { field: "MINIO_USER" },
        MINIO_PASSWORD: { field: "MINIO_PASSWORD" },
        MINIO_ENABLE_HTTPS: { field: "MINIO_ENABLE_HTTPS" },
      },
    },
  },
} as const satisfies Recipe;
