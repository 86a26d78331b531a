import { errors, type KubeObject } from '@sampan/api';
import type { Encode, Entry } from '@sampan/store';
import type { ServedResource } from './served-resource.ts';

/** Puts `kind` and `apiVersion` first: list items are stored bytes less this head. */
export function ordered(object: KubeObject): KubeObject {
  const { kind, apiVersion, metadata, ...rest } = object;
  return { kind, apiVersion, metadata, ...rest };
}

/** The largest object (what etcd takes, by default): 1.5 MiB. */
export const MAX_OBJECT_BYTES = 1.5 * 1024 * 1024;

function tooLarge(bytes: number): Error {
  return errors.tooLarge(
    `the object is too large: ${bytes} bytes as stored, the limit is ${MAX_OBJECT_BYTES}; split it, or keep large data elsewhere`,
  );
}

/** Bytes of an object, its revision written into it. The object must not be used for writing afterwards. */
export function encodeObject(object: KubeObject): Encode {
  const stored = ordered(object);
  return (revision) => {
    stored.metadata.resourceVersion = String(revision);
    const bytes = Buffer.from(JSON.stringify(stored));
    if (bytes.length > MAX_OBJECT_BYTES) throw tooLarge(bytes.length);
    return { bytes, object: stored };
  };
}

/** One version of an object as a client of `resource` sees it. */
export interface Rendered {
  readonly object: KubeObject;
  readonly bytes: Uint8Array;
}

const converted = new WeakMap<Entry, Map<ServedResource, Rendered>>();

/** The object and bytes of an entry in the served version; converted at most once per entry and resource. */
export function render(resource: ServedResource, entry: Entry): Rendered {
  if (!resource.converted) return new StoredView(entry);
  const views = converted.getOrInsertComputed(entry, () => new Map());
  return views.getOrInsertComputed(resource, () => renderObject(resource.objectOf(entry)));
}

export function renderObject(object: KubeObject): Rendered {
  const value = ordered(object);
  return { object: value, bytes: Buffer.from(JSON.stringify(value)) };
}

class StoredView implements Rendered {
  readonly #entry: Entry;

  constructor(entry: Entry) {
    this.#entry = entry;
  }

  get object(): KubeObject {
    return this.#entry.object<KubeObject>();
  }

  get bytes(): Uint8Array {
    return this.#entry.bytes;
  }
}
