import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '@sampan/api';
import type { Client, ResourceRef } from '@sampan/machinery';

/** A server that went away is not asked without a pause. */
const AGAIN_MS = 250;

interface Watched {
  readonly ref: ResourceRef;
  readonly name: string;
  readonly timeoutMs: number;
}

/**
 * Looks at an object without a namespace until `verdict` gives something, each time it changes; undefined when the time
 * is over. It is not there: `verdict` gets undefined. What `verdict` throws ends it.
 */
export async function watchObject<O extends KubeObject, T>(
  client: Client,
  { ref, name, timeoutMs }: Watched,
  verdict: (object: O | undefined) => T | undefined,
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  const fieldSelector = `metadata.name=${name}`;
  for (;;) {
    const { items, metadata } = await client.list<O>(ref, { fieldSelector });
    const found = verdict(items[0]);
    if (found !== undefined) return found;
    const left = end - performance.now();
    if (left <= 0) return undefined;
    const { resourceVersion = '' } = metadata;
    const seen = await watchOnce(client, ref, { fieldSelector, resourceVersion }, left, verdict);
    if (seen !== undefined) return seen;
    await sleep(Math.min(AGAIN_MS, Math.max(0, end - performance.now())));
  }
}

/** Resolves with undefined when the watch, or the time, is over. */
function watchOnce<O extends KubeObject, T>(
  client: Client,
  ref: ResourceRef,
  from: { readonly fieldSelector: string; readonly resourceVersion: string },
  timeoutMs: number,
  verdict: (object: O | undefined) => T | undefined,
): Promise<T | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<T | undefined>();
  const timer = setTimeout(() => resolve(undefined), timeoutMs);
  const stop = client.watch<O>(ref, from, {
    onEvent: ({ type, object }) => {
      if (type === 'BOOKMARK') return;
      try {
        const found = verdict(type === 'DELETED' ? undefined : object);
        if (found !== undefined) resolve(found);
      } catch (error) {
        reject(error);
      }
    },
    onEnd: () => resolve(undefined),
  });
  return promise.finally(() => {
    clearTimeout(timer);
    stop();
  });
}
