/** The state of a lineage that holds nothing yet: the same bytes wherever they are made, since their digest is part of the seal. */
export const emptyState = (lineage: string): string =>
  `${JSON.stringify({ version: 4, terraform_version: "1.0.0", serial: 0, lineage, outputs: {}, resources: [], check_results: null })}\n`;
