import { deepFreeze, parseExactJson } from '@sampan/base';
import { holdRecent } from './parsed.ts';
import { type Slab, type Tenant, view } from './slabs.ts';
import type { Entry } from './store.ts';

/** An entry whose bytes can be moved to a slab. A plain small class: there are hundreds of thousands of it. */
export class StoredEntry implements Entry, Tenant {
  readonly key: string;
  readonly revision: number;
  readonly created: number;
  readonly length: number;
  data: Buffer;
  offset = 0;
  slab: Slab | undefined = undefined;
  slot = 0;
  #parsed: WeakRef<object> | undefined = undefined;

  constructor(key: string, revision: number, created: number, bytes: Uint8Array) {
    this.key = key;
    this.revision = revision;
    this.created = created;
    this.length = bytes.length;
    this.data = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get bytes(): Uint8Array {
    return view(this);
  }

  object<T>(): T {
    const parsed = this.#parsed?.deref();
    if (parsed !== undefined) return parsed as T;
    const text = this.data.toString('utf8', this.offset, this.offset + this.length);
    return this.adopt(parseExactJson(text)) as T;
  }

  /** Makes `object` what `object()` answers; freezes it. */
  adopt(object: unknown): unknown {
    deepFreeze(object);
    if (typeof object === 'object' && object !== null) {
      this.#parsed = new WeakRef(object);
      holdRecent(object, this.length);
    }
    return object;
  }
}
