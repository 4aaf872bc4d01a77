import { randomBytes } from "node:crypto";
import { type DataKey, type DataKeyRow, type DataKeyStore, dataKey, dataKeyId, dataKeyLength } from "./data-key.ts";
import type { MasterKey, WrapContext } from "./master-key.ts";
import type { MasterKeys } from "./master-keys.ts";
import { Recent } from "./recent.ts";
import { SealError } from "./seal-error.ts";

interface Options {
  readonly masterKeys: MasterKeys;
  readonly store: DataKeyStore;
  readonly capacity: number;
  readonly now: () => number;
}

/** How long a process may go on sealing with a key after another process made a newer one current. */
const currentFor = 60_000;
const mostTries = 5;

/** The data keys of every Workspace: read once, unwrapped once, and at most `capacity` of them held. */
export class DataKeys {
  readonly #options: Options;
  readonly #opened: Recent<string, Promise<DataKey>>;
  readonly #current: Recent<string, { readonly key: Promise<DataKey>; readonly until: number }>;

  constructor(options: Options) {
    this.#options = options;
    this.#opened = new Recent(options.capacity);
    this.#current = new Recent(options.capacity);
  }

  /** The key that seals for a Workspace; its first use makes it. */
  current(workspace: string): Promise<DataKey> {
    const now = this.#options.now();
    const held = this.#current.get(workspace);
    if (held && now < held.until) return held.key;
    const entry = { key: this.#loadCurrent(workspace), until: now + currentFor };
    this.#current.set(workspace, entry);
    entry.key.catch(() => this.#current.drop(workspace, entry));
    return entry.key;
  }

  /** The key that sealed something of this Workspace. A key of another Workspace does not open it. */
  async byId(id: string, workspace: string): Promise<DataKey> {
    if (!dataKeyId.test(id)) throw new SealError();
    const key = await this.#open(id, async () => {
      const row = await this.#options.store.byId(id);
      if (row?.id !== id) throw new SealError();
      return row;
    });
    if (key.workspace !== workspace) throw new SealError();
    return key;
  }

  /** The key of a MAC, as the store has it now: one may be closed at any moment. */
  async proving(id: string, workspace: string, store: Pick<DataKeyStore, "byId"> = this.#options.store): Promise<DataKey> {
    if (!dataKeyId.test(id)) throw new SealError();
    const row = await store.byId(id);
    if (row?.id !== id || row.workspace !== workspace) throw new SealError();
    return this.#atWork(row);
  }

  /** The key that seals for a Workspace is looked up anew. */
  forgetCurrent(workspace: string): void {
    this.#current.delete(workspace);
  }

  /** A new wrapped key, not stored yet. */
  async mint(workspace: string): Promise<DataKeyRow> {
    return this.#wrap(
      await this.#currentMaster(),
      { id: `dk_${randomBytes(16).toString("base64url")}`, workspace },
      randomBytes(dataKeyLength),
    );
  }

  /** The same key under the current master key; the row itself where it is that already. */
  async rewrap(row: DataKeyRow): Promise<DataKeyRow> {
    const master = await this.#currentMaster();
    if (row.master_key_id === master.id) return row;
    return { ...row, ...(await this.#wrap(master, row, await this.#unwrap(row))) };
  }

  /** The same key as one that proves nothing any more. */
  async close(row: DataKeyRow): Promise<DataKeyRow> {
    return { ...row, ...(await this.#wrap(await this.#currentMaster(), { ...row, closed: true }, await this.#unwrap(row))), closed: true };
  }

  /** A key that seals and proves: not one that was closed, though its row says so no more. */
  async #atWork(row: DataKeyRow): Promise<DataKey> {
    if (row.closed) throw new SealError();
    const held = await this.#opened.get(row.id)?.catch(() => null);
    if (held && held.wrapped !== row.wrapped) this.#opened.delete(row.id);
    return this.#open(row.id, async () => row);
  }

  async #loadCurrent(workspace: string): Promise<DataKey> {
    const { store } = this.#options;
    let row = await store.current(workspace);
    for (let tries = 0; !row; tries++) {
      if (tries === mostTries) throw new Error("The master key was rotated again and again while a data key was made");
      row = await store.insert(await this.mint(workspace));
    }
    if (row.workspace !== workspace) throw new SealError();
    return this.#atWork(row);
  }

  #open(id: string, row: () => Promise<DataKeyRow>): Promise<DataKey> {
    const held = this.#opened.get(id);
    if (held) return held;
    const opening = row().then(async (found) => dataKey(found, await this.#unwrap(found)));
    this.#opened.set(id, opening);
    opening.catch(() => this.#opened.drop(id, opening));
    return opening;
  }

  async #currentMaster(): Promise<MasterKey> {
    const { masterKeys, store } = this.#options;
    const id = (await store.masterKeyId?.()) ?? null;
    return id === null ? masterKeys.first : masterKeys.need(id, "The newest data");
  }

  async #wrap(master: MasterKey, row: Pick<DataKeyRow, "id" | "workspace" | "closed">, bytes: Buffer): Promise<DataKeyRow> {
    const { id, workspace } = row;
    const wrapped = await master.wrap(bytes, contextOf(row));
    bytes.fill(0);
    return { id, workspace, master_key_id: master.id, wrapped };
  }

  async #unwrap(row: DataKeyRow): Promise<Buffer> {
    const master = await this.#options.masterKeys.need(row.master_key_id, `Data key ${row.id}`);
    const bytes = await master.unwrap(row.wrapped, contextOf(row));
    if (bytes.length !== dataKeyLength) throw new SealError();
    return bytes;
  }
}

/** What a data key is wrapped for, its state included. */
const contextOf = ({ id, workspace, closed }: Pick<DataKeyRow, "id" | "workspace" | "closed">): WrapContext => ({
  data_key: id,
  workspace,
  ...(closed && { state: "closed" }),
});
