import type { Recipe } from "../define.ts";
import { optional, plain, secret } from "../fields.ts";

export const mysql = {
  id: "mysql",
  title: "MySQL",
  about: "Databases, users and grants of a MySQL or MariaDB server.",
  providers: ["registry.opentofu.org/petoju/mysql", "registry.opentofu.org/winebarrel/mysql", "registry.opentofu.org/hashicorp/mysql"],
  defaultMode: "password",
  modes: {
    password: {
      title: "Password",
      about: "A user, and what it is reached by.",
      fields: {
        MYSQL_ENDPOINT: plain("Endpoint", "Host and port.", { pattern: "[^\\s]{1,512}", example: "db.example.com:3306" }),
        MYSQL_USERNAME: plain("User", "That the module acts as.", { max: 80, example: "root" }),
        MYSQL_PASSWORD: secret("Password", "Of the user."),
        PLAN_USERNAME: plain("User for plans", "One that may only read, used while a plan is made.", { ...optional, max: 80 }),
        PLAN_PASSWORD: secret("Password of that user", "Used while a plan is made.", optional),
        MYSQL_TLS_CONFIG: plain("TLS", "Whether the connection is encrypted.", { ...optional, choices: ["true", "false", "skip-verify"] }),
      },
      together: [["PLAN_USERNAME", "PLAN_PASSWORD"]],
      env: {
        MYSQL_ENDPOINT: { field: "MYSQL_ENDPOINT" },
        MYSQL_USERNAME: { field: "MYSQL_USERNAME", plan: "PLAN_USERNAME" },
        MYSQL_PASSWORD: { field: "MYSQL_PASSWORD", plan: "PLAN_PASSWORD" },
        MYSQL_TLS_CONFIG: { field: "MYSQL_TLS_CONFIG" },
      },
    },
  },
} as const satisfies Recipe;
