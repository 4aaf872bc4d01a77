import type { Recipe } from "../define.ts";
import { optional, pem, plain, secret } from "../fields.ts";

export const postgresql = {
  id: "postgresql",
  title: "PostgreSQL",
  about: "Databases, roles and grants of a server. psql reads the same variables.",
  providers: ["registry.opentofu.org/cyrilgdn/postgresql", "registry.opentofu.org/hashicorp/postgresql"],
  defaultMode: "password",
  modes: {
    password: {
      title: "Password",
      about: "A role that may log in, and what it is reached by.",
      fields: {
        PGHOST: plain("Host", "Name or address of the server.", { pattern: "[^\\s]{1,253}", example: "db.example.com" }),
        PGPORT: plain("Port", "A number.", { ...optional, pattern: "\\d{1,5}", default: "5432" }),
        PGUSER: plain("Role", "That the module acts as.", { max: 63, example: "postgres" }),
        PGPASSWORD: secret("Password", "Of the role."),
        PLAN_USER: plain("Role for plans", "One that may only read, used while a plan is made.", { ...optional, max: 63 }),
        PLAN_PASSWORD: secret("Password of that role", "Used while a plan is made.", optional),
        PGDATABASE: plain("Database", "To connect to first.", { ...optional, max: 63, example: "postgres" }),
        PGSSLMODE: plain("TLS", "How much of the server's certificate is checked.", {
          ...optional,
          choices: ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
        }),
        CA_CERTIFICATE: plain("CA certificate", "PEM of the CA that signed the server's.", { ...optional, ...pem }),
        CLIENT_CERTIFICATE: plain("Client certificate", "PEM, where the server asks for one.", { ...optional, ...pem }),
        CLIENT_KEY: secret("Client key", "PEM.", { ...optional, ...pem }),
      },
      together: [
        ["PLAN_USER", "PLAN_PASSWORD"],
        ["CLIENT_CERTIFICATE", "CLIENT_KEY"],
      ],
      env: {
        PGHOST: { field: "PGHOST" },
        PGPORT: { field: "PGPORT" },
        PGUSER: { field: "PGUSER", plan: "PLAN_USER" },
        PGPASSWORD: { field: "PGPASSWORD", plan: "PLAN_PASSWORD" },
        PGDATABASE: { field: "PGDATABASE" },
        PGSSLMODE: { field: "PGSSLMODE" },
        PGSSLROOTCERT: { file: "root.crt" },
        PGSSLCERT: { file: "client.crt" },
        PGSSLKEY: { file: "client.key" },
      },
      files: {
        "root.crt": { field: "CA_CERTIFICATE" },
        "client.crt": { field: "CLIENT_CERTIFICATE" },
        "client.key": { field: "CLIENT_KEY" },
      },
    },
  },
} as const satisfies Recipe;
