import type { FileSource, Mode } from "./define.ts";
import { optional, pem, plain, secret, token, url } from "./fields.ts";

const KUBE_CTX = plain("Context", "Of the kubeconfig, where it is not the current one.", { ...optional, pattern: "[^\\s]{1,253}" });
const cluster = {
  KUBE_HOST: plain("API server", "Its address.", { ...url, example: "https://cluster.example.com:6443" }),
  KUBE_CLUSTER_CA_CERT_DATA: plain("CA certificate", "PEM of the cluster's CA, where no public one signed it.", { ...optional, ...pem }),
};
const clusterEnv = { KUBE_HOST: { field: "KUBE_HOST" }, KUBE_CLUSTER_CA_CERT_DATA: { field: "KUBE_CLUSTER_CA_CERT_DATA" } };

const clusterPieces = [
  "apiVersion: v1\nkind: Config\ncurrent-context: takosumi\ncontexts: [{name: takosumi, context: {cluster: takosumi, user: takosumi}}]\nclusters:\n  - name: takosumi\n    cluster:\n",
  { before: "      server: ", field: "KUBE_HOST", as: "json", after: "\n" },
  { before: "      certificate-authority-data: ", field: "KUBE_CLUSTER_CA_CERT_DATA", as: "base64", after: "\n" },
  "users:\n  - name: takosumi\n    user:\n",
] as const;
const kubeconfigOf = (...user: Extract<FileSource, { pieces: unknown }>["pieces"]) => ({
  files: { kubeconfig: { pieces: [...clusterPieces, ...user] } },
  arguments: { config_path: { file: "kubeconfig" } },
});

/** How a cluster is reached: the same variables for every provider that talks to one. */
export const clusterModes = {
  kubeconfig: {
    title: "Kubeconfig",
    about: "A file with the cluster and the credentials for it in it. It may run no program that the runner does not have.",
    fields: {
      KUBECONFIG_FILE: secret("Kubeconfig", "The text of the file.", { multiline: true }),
      PLAN_KUBECONFIG_FILE: secret("Kubeconfig for plans", "With credentials that may only read, used while a plan is made.", {
        ...optional,
        multiline: true,
      }),
      KUBE_CTX,
    },
    env: { KUBE_CONFIG_PATH: { file: "kubeconfig" }, KUBE_CTX: { field: "KUBE_CTX" } },
    files: { kubeconfig: { field: "KUBECONFIG_FILE", plan: "PLAN_KUBECONFIG_FILE" } },
    byArguments: {
      files: { kubeconfig: { field: "KUBECONFIG_FILE", plan: "PLAN_KUBECONFIG_FILE" } },
      arguments: { config_path: { file: "kubeconfig" }, config_context: { field: "KUBE_CTX", yields: true } },
    },
  },
  token: {
    title: "Token",
    about: "The token of a service account.",
    fields: {
      ...cluster,
      KUBE_TOKEN: secret("Token", "Of the service account.", token),
      PLAN_TOKEN: secret("Token for plans", "Of a service account that may only read, used while a plan is made.", {
        ...token,
        ...optional,
      }),
    },
    env: { ...clusterEnv, KUBE_TOKEN: { field: "KUBE_TOKEN", plan: "PLAN_TOKEN" } },
    byArguments: kubeconfigOf({ before: "      token: ", field: "KUBE_TOKEN", plan: "PLAN_TOKEN", as: "json", after: "\n" }),
  },
  client_certificate: {
    title: "Client certificate",
    about: "A certificate that the cluster's CA signed.",
    fields: {
      ...cluster,
      KUBE_CLIENT_CERT_DATA: plain("Certificate", "PEM.", pem),
      KUBE_CLIENT_KEY_DATA: secret("Key", "PEM.", pem),
    },
    env: {
      ...clusterEnv,
      KUBE_CLIENT_CERT_DATA: { field: "KUBE_CLIENT_CERT_DATA" },
      KUBE_CLIENT_KEY_DATA: { field: "KUBE_CLIENT_KEY_DATA" },
    },
    byArguments: kubeconfigOf(
      { before: "      client-certificate-data: ", field: "KUBE_CLIENT_CERT_DATA", as: "base64", after: "\n" },
      { before: "      client-key-data: ", field: "KUBE_CLIENT_KEY_DATA", as: "base64", after: "\n" },
    ),
  },
} as const satisfies Readonly<Record<string, Mode>>;
