/** A store that is too simple to be wrong: all writes in a list, every state made anew from it. */
export interface ModelWrite {
  revision: number;
  key: string;
  /** Undefined: deleted. */
  value: string | undefined;
}

export class Model {
  readonly writes: ModelWrite[] = [];
  compacted = 0;

  get revision(): number {
    return this.writes.at(-1)?.revision ?? 0;
  }

  at(revision: number): Map<string, ModelWrite> {
    const state = new Map<string, ModelWrite>();
    for (const write of this.writes) {
      if (write.revision > revision) break;
      if (write.value === undefined) state.delete(write.key);
      else state.set(write.key, write);
    }
    return state;
  }

  list(prefix: string, revision: number): ModelWrite[] {
    const bytes = (write: ModelWrite): Buffer => Buffer.from(write.key);
    return [...this.at(revision).values()]
      .filter((write) => write.key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
  }

  changes(prefix: string, after: number): string[] {
    return this.writes
      .filter((write) => write.revision > after && write.key.startsWith(prefix))
      .map(({ revision, key, value }) => `${value === undefined ? 'delete' : 'put'} ${key}@${revision}`);
  }
}
