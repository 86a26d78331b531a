import type { KubeObject } from '@sampan/api';
import { keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf } from '../controller.ts';

interface SecretObject extends KubeObject {
  data?: Record<string, string>;
}

export interface LegacyTokenOptions {
  /** PEM of the authority of the API server's certificate. */
  readonly ca: string;
  /** Signs a token without expiry for a ServiceAccount, held by the Secret. */
  issueToken(account: KubeObject, secret: KubeObject): string | Promise<string>;
}

const TYPE = 'kubernetes.io/service-account-token';
const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';

/**
 * Fills Secrets of type `kubernetes.io/service-account-token` that people make for a ServiceAccount, and deletes
 * them with it (Kubernetes docs "Managing Service Accounts", legacy tokens).
 */
export function startLegacyTokens(context: ControllerContext, options: LegacyTokenOptions): Controller {
  const client = context.client('tokens-controller');
  const secrets = informerOf<SecretObject>(context, client, REFS.secrets, { fieldSelector: `type=${TYPE}` });
  const accounts = informerOf(context, client, REFS.serviceAccounts);

  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const secret = secrets.get(namespace, name);
    const annotations = secret?.metadata.annotations ?? {};
    const accountName = annotations[NAME] ?? '';
    if (!secret || secret.metadata.deletionTimestamp || accountName === '') return undefined;
    // the informer may be behind: what is deleted for good is asked for anew
    const account =
      accounts.get(namespace, accountName) ??
      (await client.get(REFS.serviceAccounts, namespace, accountName).catch(ignore('NotFound')));
    const uid = account?.metadata.uid ?? '';
    if (!account || (annotations[UID] && annotations[UID] !== uid)) {
      const preconditions = { uid: secret.metadata.uid ?? '' };
      await client
        .delete(REFS.secrets, namespace, name, { preconditions })
        .catch(ignore('NotFound', 'Conflict'));
      return undefined;
    }
    const ca = base64(options.ca);
    const data = secret.data ?? {};
    if (data.token && data['ca.crt'] === ca && data.namespace && annotations[UID] === uid) return undefined;
    await client.update(REFS.secrets, {
      ...secret,
      metadata: { ...secret.metadata, annotations: { ...annotations, [UID]: uid } },
      data: {
        ...data,
        'ca.crt': ca,
        namespace: data.namespace ?? base64(namespace),
        token: data.token ?? base64(await options.issueToken(account, secret)),
      },
    });
    return undefined;
  };
  const reconciler = new Reconciler({ name: 'tokens', clock: context.clock, log: context.log, reconcile });
  secrets.onChange(({ type, object }) => {
    if (type !== 'deleted') reconciler.enqueue(keyOf(object));
  });
  accounts.onChange(({ object }) => {
    for (const secret of secrets.list()) {
      const { namespace, annotations } = secret.metadata;
      if (namespace === object.metadata.namespace && annotations?.[NAME] === object.metadata.name)
        reconciler.enqueue(keyOf(secret));
    }
  });
  secrets.start();
  accounts.start();
  const synced = Promise.all([secrets.synced(), accounts.synced()]).then(() => reconciler.start());
  return {
    synced,
    async stop() {
      secrets.stop();
      accounts.stop();
      await reconciler.stop();
    },
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
