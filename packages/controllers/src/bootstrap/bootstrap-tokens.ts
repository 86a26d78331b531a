import { isBootstrapTokenExpired, type KubeObject } from '@sampan/api';
import { keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf } from '../controller.ts';

const TYPE = 'bootstrap.kubernetes.io/token';

/** Deletes bootstrap tokens when they expire (upstream's tokencleaner controller). */
export function startBootstrapTokenCleaner(context: ControllerContext): Controller {
  const client = context.client('token-cleaner');
  const secrets = informerOf(context, client, REFS.secrets, {
    namespace: 'kube-system',
    fieldSelector: `type=${TYPE}`,
  });
  const { clock, log } = context;

  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const secret = secrets.get(namespace, name);
    if (!secret || secret.metadata.deletionTimestamp) return undefined;
    const expiration = expirationOf(secret);
    if (expiration === '') return undefined;
    if (!isBootstrapTokenExpired(expiration, clock.now()))
      return { afterMs: Math.max(1, Date.parse(expiration) - clock.now()) };
    const preconditions = { uid: secret.metadata.uid ?? '' };
    await client
      .delete(REFS.secrets, namespace, name, { preconditions })
      .catch(ignore('NotFound', 'Conflict'));
    return undefined;
  };
  const reconciler = new Reconciler({ name: 'token-cleaner', clock, log, reconcile });
  secrets.onChange(({ type, object }) => {
    if (type !== 'deleted') reconciler.enqueue(keyOf(object));
  });
  secrets.start();
  const synced = secrets.synced().then(() => reconciler.start());
  return {
    synced,
    settled: () => reconciler.settled(),
    async stop() {
      secrets.stop();
      await reconciler.stop();
    },
  };
}

function expirationOf(secret: KubeObject): string {
  const value: unknown = secret.data?.expiration;
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}
