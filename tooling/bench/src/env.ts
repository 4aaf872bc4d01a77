/** TOKEN: a personal access token of the instance that is measured. */
export const env = { TOKEN: process.env["TOKEN"] ?? "" };
