import type { Recipe } from "../define.ts";
import { optional, pem, plain, secret } from "../fields.ts";

const DOCKER_HOST = plain("Host", "Address of the daemon.", {
  ...optional,
  pattern: "(tcp|https?|ssh|unix|npipe)://[^\\s]{1,512}",
  example: "tcp://docker.example.com:2376",
});

export const docker = {
  id: "docker",
  title: "Docker",
  about: "Images and containers of a daemon, and the registries that it speaks with.",
  providers: ["registry.opentofu.org/kreuzwerker/docker"],
  defaultMode: "host_certificates",
  modes: {
    host_certificates: {
      title: "Host with certificates",
      about: "A daemon that is reached over TLS.",
      fields: {
        DOCKER_HOST: { ...DOCKER_HOST, required: true },
        DOCKER_CA_MATERIAL: plain("CA certificate", "PEM of the CA that signed the daemon's.", pem),
        DOCKER_CERT_MATERIAL: plain("Client certificate", "PEM.", pem),
        DOCKER_KEY_MATERIAL: secret("Client key", "PEM.", pem),
      },
      env: {
        DOCKER_HOST: { field: "DOCKER_HOST" },
        DOCKER_CA_MATERIAL: { field: "DOCKER_CA_MATERIAL" },
        DOCKER_CERT_MATERIAL: { field: "DOCKER_CERT_MATERIAL" },
        DOCKER_KEY_MATERIAL: { field: "DOCKER_KEY_MATERIAL" },
      },
    },
    registry_password: {
      title: "Registry password",
      about: "For a registry_auth block that has an address only.",
      fields: {
        DOCKER_REGISTRY_USER: plain("User", "Of the registry.", { max: 255 }),
        DOCKER_REGISTRY_PASS: secret("Password or token", "Of the user."),
        DOCKER_HOST,
      },
      env: {
        DOCKER_REGISTRY_USER: { field: "DOCKER_REGISTRY_USER" },
        DOCKER_REGISTRY_PASS: { field: "DOCKER_REGISTRY_PASS" },
        DOCKER_HOST: { field: "DOCKER_HOST" },
      },
    },
    registry_config: {
      title: "Registry configuration",
      about: "A config.json with passwords for several registries.",
      fields: {
        CONFIG_JSON: secret("config.json", "The text of the file; it may name no credential helper.", {
          multiline: true,
          pattern: "\\s*\\{[^\\0]*\\}\\s*",
        }),
        DOCKER_HOST,
      },
      env: { DOCKER_CONFIG: { file: "config.json" }, DOCKER_HOST: { field: "DOCKER_HOST" } },
      files: { "config.json": { field: "CONFIG_JSON" } },
    },
  },
} as const satisfies Recipe;
