import type { KubeObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { REFS, Reconciler, type ResourceRef } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf, isTerminating } from '../controller.ts';

export interface EachNamespaceOptions {
  readonly name: string;
  readonly ref: ResourceRef;
  /** The object each active namespace must have. */
  object(namespace: string): KubeObject;
  /** Parts that are put right when they differ; default none: only absence is mended. */
  readonly keep?: readonly string[];
  /** The present object with more of it put right; undefined: all is right. Default: nothing more is. */
  mend?(present: KubeObject): KubeObject | undefined;
  /** Calls the listener when `object` gives something else than before; the returned function ends it. */
  follow?(listener: () => void): () => void;
  /** Annotations that must be there. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Sees to it that one object of one name is in every active namespace. */
export function startEachNamespace(context: ControllerContext, options: EachNamespaceOptions): Controller {
  const { ref, keep = [], annotations = {} } = options;
  const name = options.object('').metadata.name ?? '';
  const client = context.client(options.name);
  const namespaces = informerOf(context, client, REFS.namespaces);
  const objects = informerOf(context, client, ref, { fieldSelector: `metadata.name=${name}` });

  const reconcile = async (namespace: string) => {
    const target = namespaces.get('', namespace);
    if (!target || target.metadata.deletionTimestamp !== undefined) return undefined;
    const wanted = options.object(namespace);
    const present = objects.get(namespace, name);
    if (!present) {
      await client.create(ref, wanted).catch((error: unknown) => {
        if (!isTerminating(error)) ignore('AlreadyExists')(error);
      });
      return undefined;
    }
    const mended = options.mend?.(present);
    if (!mended && isRight(present, wanted, keep, annotations)) return undefined;
    const parts = Object.fromEntries(keep.map((part) => [part, wanted[part]]));
    const metadata = {
      ...present.metadata,
      annotations: { ...present.metadata.annotations, ...annotations },
    };
    await client.update(ref, { ...(mended ?? present), ...parts, metadata }).catch(ignore('NotFound'));
    return undefined;
  };
  const reconciler = new Reconciler({
    name: options.name,
    clock: context.clock,
    log: context.log,
    reconcile,
  });
  namespaces.onChange(({ type, object }) => {
    if (type !== 'deleted') reconciler.enqueue(object.metadata.name ?? '');
  });
  objects.onChange(({ object }) => reconciler.enqueue(object.metadata.namespace ?? ''));
  namespaces.start();
  objects.start();
  const unfollow = options.follow?.(() => {
    for (const { metadata } of namespaces.list()) reconciler.enqueue(metadata.name ?? '');
  });
  const synced = Promise.all([namespaces.synced(), objects.synced()]).then(() => {
    reconciler.start();
    return reconciler.settled();
  });
  return {
    synced,
    async stop() {
      unfollow?.();
      namespaces.stop();
      objects.stop();
      await reconciler.stop();
    },
  };
}

function isRight(
  present: KubeObject,
  wanted: KubeObject,
  keep: readonly string[],
  annotations: Readonly<Record<string, string>>,
): boolean {
  const own = present.metadata.annotations ?? {};
  return (
    keep.every((part) => deepEqual(present[part], wanted[part])) &&
    Object.keys(annotations).every((key) => Object.hasOwn(own, key) && own[key] !== '')
  );
}
