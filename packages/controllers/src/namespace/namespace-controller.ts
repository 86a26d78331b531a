import type { KubeObject } from '@sampan/api';
import { type Client, REFS, Reconciler } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf } from '../controller.ts';
import { formatTime } from '../time.ts';
import { deletionConditions, type NamespaceCondition } from './conditions.ts';
import { type Emptied, emptyNamespace } from './empty-namespace.ts';

interface NamespaceObject extends KubeObject {
  spec?: { finalizers?: string[] };
  status?: { phase?: string; conditions?: NamespaceCondition[] };
}

const FINALIZER = 'kubernetes';
/** While something remains, the first looks come soon: most of it is gone after a moment. Milliseconds. */
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 15_000;

/** Empties namespaces that are being deleted and lets them go (upstream's namespace controller). */
export function startNamespaceController(context: ControllerContext): Controller {
  const client = context.client('namespace-controller');
  const namespaces = informerOf<NamespaceObject>(context, client, REFS.namespaces);
  const rounds = new Map<string, number>();
  const reconciler = new Reconciler({
    name: 'namespace',
    clock: context.clock,
    log: context.log,
    workers: 10,
    reconcile: async (name) => {
      const left = await finalizeNamespace(client, name, context.clock.now());
      if (!left) {
        rounds.delete(name);
        return undefined;
      }
      const round = rounds.get(name) ?? 0;
      rounds.set(name, round + 1);
      const afterMs = Math.min(FIRST_LOOK_MS * 2 ** round, (left.estimate / 2 + 1) * 1000, LONGEST_LOOK_MS);
      if (left.errors.length > 0 && round === 0)
        context.log.warn('a namespace could not be emptied', { namespace: name, errors: left.errors });
      return { afterMs };
    },
  });
  namespaces.onChange(({ object }) => {
    if (object.metadata.deletionTimestamp !== undefined && (object.spec?.finalizers?.length ?? 0) > 0)
      reconciler.enqueue(object.metadata.name ?? '');
  });
  reconciler.start();
  namespaces.start();
  return {
    synced: namespaces.synced(),
    async stop() {
      namespaces.stop();
      await reconciler.stop();
    },
  };
}

/** One round; resolves with what remains, or undefined when the namespace needs nothing more. */
async function finalizeNamespace(client: Client, name: string, now: number): Promise<Emptied | undefined> {
  const namespace = await client
    .get<NamespaceObject>(REFS.namespaces, undefined, name)
    .catch(ignore('NotFound'));
  if (!namespace?.metadata.deletionTimestamp || !namespace.spec?.finalizers?.includes(FINALIZER))
    return undefined;
  const left = await emptyNamespace(client, name, now);
  const done = left.estimate === 0 && left.errors.length === 0 && left.discoveryError === undefined;
  const conditions = namespace.status?.conditions ?? [];
  const next = deletionConditions(conditions, left, formatTime(now));
  // one that empties at once is not written to just to say so
  const current =
    next !== conditions && (!done || conditions.length > 0)
      ? await client.update(
          REFS.namespaces,
          { ...namespace, status: { ...namespace.status, phase: 'Terminating', conditions: [...next] } },
          { subresource: 'status' },
        )
      : namespace;
  if (!done) return { ...left, estimate: Math.max(1, left.estimate) };
  const finalizers = (current.spec?.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER);
  await client
    .update(
      REFS.namespaces,
      { ...current, spec: { ...current.spec, finalizers } },
      { subresource: 'finalize' },
    )
    .catch(ignore('NotFound'));
  return undefined;
}
