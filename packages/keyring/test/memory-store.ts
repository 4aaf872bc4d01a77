import type { DataKeyRow, DataKeyStore } from "../src/data-key.ts";

/** A store in memory that keeps the first row of a Workspace, and counts what was read. */
export class MemoryStore implements DataKeyStore {
  readonly rows = new Map<string, DataKeyRow>();
  readonly first = new Map<string, string>();
  reads = 0;

  async current(workspace: string): Promise<DataKeyRow | null> {
    this.reads += 1;
    return this.rows.get(this.first.get(workspace) ?? "") ?? null;
  }

  async byId(id: string): Promise<DataKeyRow | null> {
    this.reads += 1;
    return this.rows.get(id) ?? null;
  }

  async insert(row: DataKeyRow): Promise<DataKeyRow> {
    const winner = this.rows.get(this.first.get(row.workspace) ?? "");
    if (winner) return winner;
    this.makeCurrent(row);
    return row;
  }

  makeCurrent(row: DataKeyRow): void {
    this.rows.set(row.id, row);
    this.first.set(row.workspace, row.id);
  }
}
