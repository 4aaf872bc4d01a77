import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";

/** A wrapped key as it is stored. `wrapped` is text of the master key's own format. */
export interface DataKeyRow {
  id: string;
  workspace: string;
  master_key_id: string;
  wrapped: string;
  created_at?: Date;
  /**
   * No MAC under it proves anything any more, and it seals nothing; what it sealed still opens. It is wrapped as such: a row that says
   * otherwise does not open.
   */
  closed?: boolean;
}

/** Where wrapped keys are kept. Rows are never deleted while anything sealed with them is. */
export interface DataKeyStore {
  /** The key that seals for this Workspace now. */
  current(workspace: string): Promise<DataKeyRow | null>;
  byId(id: string): Promise<DataKeyRow | null>;
  /**
   * Stores the first key of a Workspace; of several at once it keeps one and returns that one to all. Null: the master key that wrapped
   * it is not the current one any more.
   */
  insert(row: DataKeyRow): Promise<DataKeyRow | null>;
  /** Id of the master key that wraps now, where the store knows it better than this process: it may have been rotated since its start. */
  masterKeyId?(): Promise<string | null>;
}

/** An opened data key: one derived key for each use, held outside the JavaScript heap. */
export interface DataKey {
  readonly id: string;
  readonly workspace: string;
  /** The row's text that it came from. */
  readonly wrapped: string;
  readonly text: KeyObject;
  readonly stream: KeyObject;
  readonly mac: KeyObject;
}

export const dataKeyLength = 32;
export const dataKeyId = /^[A-Za-z0-9_-]{1,64}$/;

/** Derives the keys of each use and wipes the bytes they came from. */
export function dataKey({ id, workspace, wrapped }: DataKeyRow, bytes: Buffer): DataKey {
  const part = (use: string) => createSecretKey(Buffer.from(hkdfSync("sha256", bytes, "", `takosumi/${use}/v1`, dataKeyLength)));
  const key = { id, workspace, wrapped, text: part("text"), stream: part("stream"), mac: part("mac") };
  bytes.fill(0);
  return key;
}
