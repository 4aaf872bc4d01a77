import { forPlan, pem, type Row, same } from "./rows.ts";

/** A provider that takes one token, and another for plans. */
const token = (provider: string, name: string, plan = "PLAN_TOKEN"): Row => ({
  provider,
  values: { [name]: `token-of-${provider}-#`, [plan]: `token-for-plans-of-${provider}-#` },
  env: forPlan(plan, name),
});
const github = { GITHUB_OWNER: "acme-#", GITHUB_BASE_URL: "https://github#.example.com/" };
const docker = "tcp://docker#.example.com:2376";
const account = { CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcde#" };

const cluster = { KUBE_HOST: "https://cluster#.example.com:6443", KUBE_CLUSTER_CA_CERT_DATA: pem("CERTIFICATE") };
const kubeconfig = (user: string) =>
  `apiVersion: v1
kind: Config
current-context: takosumi
contexts: [{name: takosumi, context: {cluster: takosumi, user: takosumi}}]
clusters:
  - name: takosumi
    cluster:
      server: {json:KUBE_HOST}
      certificate-authority-data: {base64:KUBE_CLUSTER_CA_CERT_DATA}
users:
  - name: takosumi
    user:
${user}`;
const byConfig = { config_path: "{folder}/kubeconfig" };
const files = { kubeconfig: { plan: "{PLAN_KUBECONFIG_FILE}", apply: "{KUBECONFIG_FILE}" } };
const clusters: Readonly<Record<string, Row>> = {
  kubeconfig: {
    provider: "hashicorp/kubernetes",
    values: {
      KUBECONFIG_FILE: "apiVersion: v1\nusers: [{name: a, user: {token: of-the-cluster-#}}]\n",
      PLAN_KUBECONFIG_FILE: "apiVersion: v1\nusers: [{name: a, user: {token: reads-the-cluster-#}}]\n",
      KUBE_CTX: "context-#",
    },
    env: same("KUBE_CTX"),
    files: { kubeconfig: { env: "KUBE_CONFIG_PATH", content: files.kubeconfig } },
    byArguments: { files, arguments: { ...byConfig, config_context: "{KUBE_CTX}" } },
  },
  token: {
    provider: "hashicorp/kubernetes",
    values: { ...cluster, KUBE_TOKEN: "token-of-a-service-account-#", PLAN_TOKEN: "token-that-may-only-read-#" },
    env: { ...same(...Object.keys(cluster)), ...forPlan("PLAN_TOKEN", "KUBE_TOKEN") },
    byArguments: {
      files: {
        kubeconfig: { plan: kubeconfig("      token: {json:PLAN_TOKEN}\n"), apply: kubeconfig("      token: {json:KUBE_TOKEN}\n") },
      },
      arguments: byConfig,
    },
  },
  client_certificate: {
    provider: "hashicorp/kubernetes",
    values: { ...cluster, KUBE_CLIENT_CERT_DATA: pem("CERTIFICATE"), KUBE_CLIENT_KEY_DATA: pem("PRIVATE KEY") },
    env: same(...Object.keys(cluster), "KUBE_CLIENT_CERT_DATA", "KUBE_CLIENT_KEY_DATA"),
    byArguments: {
      files: {
        kubeconfig: kubeconfig(
          "      client-certificate-data: {base64:KUBE_CLIENT_CERT_DATA}\n      client-key-data: {base64:KUBE_CLIENT_KEY_DATA}\n",
        ),
      },
      arguments: byConfig,
    },
  },
};
const ofCluster = (name: string, more: Partial<Row> = {}): Row => ({ ...(clusters[name] as Row), ...more });
/** Helm's own arguments stand in a nested block, which is the module's. */
const helm = (name: string): Row => {
  const { byArguments: _, ...row } = ofCluster(name, { provider: "hashicorp/helm" });
  return row;
};

/** Everything that is not a large cloud. */
export const services: Readonly<Record<string, Row>> = {
  "cloudflare api_token": {
    provider: "cloudflare/cloudflare",
    values: { CLOUDFLARE_API_TOKEN: "cloudflare-token-#", PLAN_API_TOKEN: "cloudflare-token-for-plans-#", ...account },
    env: { ...forPlan("PLAN_API_TOKEN", "CLOUDFLARE_API_TOKEN"), ...same("CLOUDFLARE_ACCOUNT_ID") },
  },
  "cloudflare global_api_key": {
    provider: "cloudflare/cloudflare",
    values: { CLOUDFLARE_EMAIL: "ops#@example.com", CLOUDFLARE_API_KEY: "global-api-key-#", ...account },
    env: same("CLOUDFLARE_EMAIL", "CLOUDFLARE_API_KEY", "CLOUDFLARE_ACCOUNT_ID"),
  },
  "digitalocean token": {
    provider: "digitalocean/digitalocean",
    values: {
      DIGITALOCEAN_TOKEN: "dop_v1_token-#",
      PLAN_TOKEN: "dop_v1_token-for-plans-#",
      SPACES_ACCESS_KEY_ID: "spaces-key-#",
      SPACES_SECRET_ACCESS_KEY: "spaces-secret-#",
    },
    env: { ...forPlan("PLAN_TOKEN", "DIGITALOCEAN_TOKEN"), ...same("SPACES_ACCESS_KEY_ID", "SPACES_SECRET_ACCESS_KEY") },
  },
  "docker host_certificates": {
    provider: "kreuzwerker/docker",
    values: {
      DOCKER_HOST: docker,
      DOCKER_CA_MATERIAL: pem("CERTIFICATE"),
      DOCKER_CERT_MATERIAL: pem("CERTIFICATE OF A CLIENT"),
      DOCKER_KEY_MATERIAL: pem("PRIVATE KEY"),
    },
    env: same("DOCKER_HOST", "DOCKER_CA_MATERIAL", "DOCKER_CERT_MATERIAL", "DOCKER_KEY_MATERIAL"),
  },
  "docker registry_password": {
    provider: "kreuzwerker/docker",
    values: { DOCKER_REGISTRY_USER: "robot-#", DOCKER_REGISTRY_PASS: "password of a robot #", DOCKER_HOST: docker },
    env: same("DOCKER_REGISTRY_USER", "DOCKER_REGISTRY_PASS", "DOCKER_HOST"),
  },
  "docker registry_config": {
    provider: "kreuzwerker/docker",
    values: { CONFIG_JSON: '{"auths":{"registry.example.com":{"auth":"cm9ib3Q6c2VjcmV0#"}}}', DOCKER_HOST: docker },
    env: same("DOCKER_HOST"),
    files: { "config.json": { env: "DOCKER_CONFIG", content: "{CONFIG_JSON}" } },
  },
  "github token": {
    provider: "integrations/github",
    values: { GITHUB_TOKEN: "ghp_token-#", PLAN_TOKEN: "ghp_token-for-plans-#", ...github },
    env: { ...forPlan("PLAN_TOKEN", "GITHUB_TOKEN"), ...same("GITHUB_OWNER", "GITHUB_BASE_URL") },
  },
  "github app": {
    provider: "integrations/github",
    values: {
      GITHUB_APP_ID: "12345#",
      GITHUB_APP_INSTALLATION_ID: "1234567#",
      GITHUB_APP_PEM_FILE: pem("RSA PRIVATE KEY"),
      ...github,
    },
    env: same("GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PEM_FILE", "GITHUB_OWNER", "GITHUB_BASE_URL"),
  },
  "gitlab token": {
    provider: "gitlabhq/gitlab",
    values: {
      GITLAB_TOKEN: "glpat-token-#",
      PLAN_TOKEN: "glpat-token-for-plans-#",
      GITLAB_BASE_URL: "https://gitlab#.example.com/api/v4/",
    },
    env: { ...forPlan("PLAN_TOKEN", "GITLAB_TOKEN"), ...same("GITLAB_BASE_URL") },
  },
  "hcloud token": token("hetznercloud/hcloud", "HCLOUD_TOKEN"),
  "vercel token": token("vercel/vercel", "VERCEL_API_TOKEN"),
  "vultr token": token("vultr/vultr", "VULTR_API_KEY"),
  "kubernetes kubeconfig": ofCluster("kubeconfig"),
  "kubernetes token": ofCluster("token"),
  "kubernetes client_certificate": ofCluster("client_certificate"),
  "helm kubeconfig": helm("kubeconfig"),
  "helm token": helm("token"),
  "helm client_certificate": helm("client_certificate"),
  "mysql password": {
    provider: "petoju/mysql",
    values: {
      MYSQL_ENDPOINT: "db#.example.com:3306",
      MYSQL_USERNAME: "deploys#",
      MYSQL_PASSWORD: "password of deploys #",
      PLAN_USERNAME: "reads#",
      PLAN_PASSWORD: "password of reads #",
      MYSQL_TLS_CONFIG: "skip-verify",
    },
    env: {
      ...same("MYSQL_ENDPOINT", "MYSQL_TLS_CONFIG"),
      ...forPlan("PLAN_USERNAME", "MYSQL_USERNAME"),
      ...forPlan("PLAN_PASSWORD", "MYSQL_PASSWORD"),
    },
  },
  "postgresql password": {
    provider: "cyrilgdn/postgresql",
    values: {
      PGHOST: "db#.example.com",
      PGUSER: "deploys#",
      PGPASSWORD: "password of deploys #",
      PLAN_USER: "reads#",
      PLAN_PASSWORD: "password of reads #",
      PGDATABASE: "inventory#",
      PGSSLMODE: "verify-full",
      CA_CERTIFICATE: pem("CERTIFICATE"),
      CLIENT_CERTIFICATE: pem("CERTIFICATE OF A CLIENT"),
      CLIENT_KEY: pem("PRIVATE KEY"),
    },
    env: {
      ...same("PGHOST", "PGDATABASE", "PGSSLMODE"),
      PGPORT: "5432",
      ...forPlan("PLAN_USER", "PGUSER"),
      ...forPlan("PLAN_PASSWORD", "PGPASSWORD"),
    },
    files: {
      "root.crt": { env: "PGSSLROOTCERT", content: "{CA_CERTIFICATE}" },
      "client.crt": { env: "PGSSLCERT", content: "{CLIENT_CERTIFICATE}" },
      "client.key": { env: "PGSSLKEY", content: "{CLIENT_KEY}" },
    },
  },
  "s3-compatible keys": {
    provider: "hashicorp/aws",
    values: {
      AWS_ACCESS_KEY_ID: "key-of-a-storage-#",
      AWS_SECRET_ACCESS_KEY: "secret-of-a-storage-#",
      AWS_ENDPOINT_URL_S3: "https://s3-#.example.com",
    },
    env: { ...same("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL_S3"), AWS_REGION: "us-east-1" },
  },
  "s3-compatible minio": {
    provider: "aminueza/minio",
    values: { MINIO_ENDPOINT: "minio#.example.com:9000", MINIO_USER: "minio-user-#", MINIO_PASSWORD: "minio-password-#" },
    env: { ...same("MINIO_ENDPOINT", "MINIO_USER", "MINIO_PASSWORD"), MINIO_ENABLE_HTTPS: "true" },
  },
  "vault token": {
    provider: "hashicorp/vault",
    values: {
      VAULT_ADDR: "https://vault#.example.com:8200",
      VAULT_TOKEN: "hvs.token-#",
      PLAN_TOKEN: "hvs.token-for-plans-#",
      VAULT_NAMESPACE: "team/prod-#",
      CA_CERTIFICATE: pem("CERTIFICATE"),
    },
    env: { ...forPlan("PLAN_TOKEN", "VAULT_TOKEN"), ...same("VAULT_ADDR", "VAULT_NAMESPACE") },
    files: { "ca.pem": { env: "VAULT_CACERT", content: "{CA_CERTIFICATE}" } },
  },
  "generic-env env": {
    provider: "example.com/acme/intranet",
    values: { INTRANET_TOKEN: "token of the intranet #", INTRANET_TEXT: "two\nlines of #" },
    own: [
      { path: "deep/key.json", content: '{"key":"of-the-intranet-#"}', env_name: "INTRANET_KEY" },
      { path: "ca.pem", content: pem("CERTIFICATE") },
    ],
    env: same("INTRANET_TOKEN", "INTRANET_TEXT"),
    files: { "deep/key.json": { env: "INTRANET_KEY", content: '{"key":"of-the-intranet-#"}' }, "ca.pem": { content: pem("CERTIFICATE") } },
  },
};
