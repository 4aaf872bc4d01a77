/** Where the material of a connection lies sealed: it opens in that row of that Workspace and nowhere else. */
export const materialPlace = (workspace: string, connection: string) =>
  ({ table: "connections", workspace, row: connection, field: "material" }) as const;
