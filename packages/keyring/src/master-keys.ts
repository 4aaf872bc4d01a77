import { type MasterKey, MasterKeyError } from "./master-key.ts";

/** The master keys of this process. One that is not known yet may have been added since: then all are read again. */
export class MasterKeys {
  readonly #byId = new Map<string, MasterKey>();
  readonly #reload: (() => Promise<readonly MasterKey[]>) | undefined;
  readonly first: MasterKey;

  constructor(keys: readonly MasterKey[], first: MasterKey, reload: (() => Promise<readonly MasterKey[]>) | undefined) {
    this.first = first;
    this.#reload = reload;
    this.#add(keys);
  }

  get ids(): string[] {
    return [...this.#byId.keys()];
  }

  async find(id: string): Promise<MasterKey | null> {
    if (!this.#byId.has(id) && this.#reload) this.#add(await this.#reload());
    return this.#byId.get(id) ?? null;
  }

  /** Throws MasterKeyError where it was not given. */
  async need(id: string, what: string): Promise<MasterKey> {
    const found = await this.find(id);
    if (!found) throw new MasterKeyError(`${what} was wrapped by master key ${id}, which was not given`);
    return found;
  }

  #add(keys: readonly MasterKey[]): void {
    for (const key of keys) if (!this.#byId.has(key.id)) this.#byId.set(key.id, key);
  }
}
