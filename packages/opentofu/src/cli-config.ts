/**
 * The CLI configuration of one Run. With a mirror every provider comes from it and nothing is asked of a registry, so
 * that a machine without a network fails at once and says which provider is missing.
 */
export function cliConfig(mirror: string | null): string {
  const lines = ["disable_checkpoint = true"];
  if (mirror !== null) lines.push("provider_installation {", `  filesystem_mirror {`, `    path = ${JSON.stringify(mirror)}`, "  }", "}");
  return `${lines.join("\n")}\n`;
}
