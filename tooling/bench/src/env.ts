/** TOKEN: a personal access token of the instance that is measured. RUNNER_TOKEN: a token of its default pool. */
export const env = {
  TOKEN: process.env["TOKEN"] ?? "",
  RUNNER_TOKEN: process.env["RUNNER_TOKEN"] ?? "",
  DATABASE_URL: process.env["DATABASE_URL"] ?? "",
  PATH: process.env["PATH"] ?? "",
};
