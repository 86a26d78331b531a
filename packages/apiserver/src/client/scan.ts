import type { KubeObject } from '@sampan/api';
import type { Entry } from '@sampan/store';
import type { Cluster } from '../registry/cluster.ts';
import { render } from '../registry/encoding.ts';
import type { Selection } from '../registry/selection.ts';
import type { ServedResource } from '../registry/served-resource.ts';

/** So many objects are parsed at a time; requests are answered in between. */
const BATCH = 1000;

/**
 * Gives the objects of a snapshot one by one, parsing none that cannot matter: those of another name, and those
 * whose JSON has none of the keys `mentions`. Resolves with the snapshot's version.
 */
export async function scan(
  cluster: Cluster,
  resource: ServedResource,
  namespace: string,
  selection: Selection,
  mentions: readonly string[] | undefined,
  onObject: (object: KubeObject) => void,
): Promise<string> {
  const { name } = selection;
  const keys = mentions?.map((key) => Buffer.from(JSON.stringify(key)));
  const { entries, revision } = cluster.store.list({ prefix: resource.prefix(namespace) });
  for (let i = 0; i < entries.length; i++) {
    if (i > 0 && i % BATCH === 0) await new Promise(setImmediate);
    const entry = entries[i] as Entry;
    if (name !== undefined && !entry.key.endsWith(`/${name}`)) continue;
    if (keys && !keys.some((key) => bytesOf(entry).includes(key))) continue;
    if (resource.asks) await resource.prepare([entry]);
    const { object } = render(resource, entry);
    if (selection.everything || selection.matches(object)) onObject(object);
  }
  return String(revision);
}

function bytesOf({ bytes }: Entry): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
