import type { Store } from '@sampan/store';
import type { ListRequest } from '../registry/list.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { JSON_OBJECT } from './negotiate.ts';
import type { View } from './render.ts';

interface Known {
  readonly namespace: string;
  readonly revision: number;
  /** Weak, so that a large list costs no memory once nobody asks for it. */
  readonly bytes: WeakRef<Uint8Array>;
}

/** By store: what describes a kind is shared by all clusters of a process. */
const known = new WeakMap<Store, WeakMap<ServedResource, Known>>();

/** A list of everything as it is now in the plain form: what all who start to watch a kind ask for at once. */
export function isWholeList(view: View, request: ListRequest): boolean {
  const { selection, limit, continueToken, resourceVersion, resourceVersionMatch } = request;
  return (
    view.format === JSON_OBJECT &&
    !view.pretty &&
    selection.everything &&
    limit === 0 &&
    continueToken === '' &&
    (resourceVersion === '' || resourceVersion === '0') &&
    resourceVersionMatch === ''
  );
}

/** The bytes of such a list, made by `make` unless they are those of the last one and nothing was written since. */
export function wholeListBytes(
  store: Store,
  resource: ServedResource,
  namespace: string,
  make: () => Uint8Array,
): Uint8Array {
  const { revision } = store;
  const ofStore = known.getOrInsertComputed(store, () => new WeakMap());
  const last = ofStore.get(resource);
  const found = last?.revision === revision && last.namespace === namespace ? last.bytes.deref() : undefined;
  if (found) return found;
  const bytes = make();
  ofStore.set(resource, { namespace, revision, bytes: new WeakRef(bytes) });
  return bytes;
}
