import { randomInt } from 'node:crypto';
import type { KubeObject } from '@sampan/api';
import { keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, informerOf, isTerminating } from '../controller.ts';

interface Account extends KubeObject {
  secrets?: { name?: string }[];
}

const TYPE = 'kubernetes.io/service-account-token';
const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Makes a token Secret for every ServiceAccount that refers to none, as Kubernetes did before 1.24 (KEP-2799):
 * clients of that time wait for it. What it makes is filled like those that people make (`startLegacyTokens`).
 */
export function startAccountTokens(context: ControllerContext): Controller {
  const client = context.client('tokens-controller');
  const options = { fieldSelector: `type=${TYPE}` };
  const secrets = informerOf(context, client, REFS.secrets, options);
  const accounts = informerOf<Account>(context, client, REFS.serviceAccounts);

  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const seen = accounts.get(namespace, name);
    if (
      !seen ||
      seen.metadata.deletionTimestamp ||
      refersTo(seen, namesOf([...secrets.list()].filter(isIn(namespace))))
    )
      return undefined;
    // informers may be behind: a second token would stay for good
    const account = await client
      .get<Account>(REFS.serviceAccounts, namespace, name)
      .catch(ignore('NotFound'));
    if (!account || account.metadata.uid !== seen.metadata.uid) return undefined;
    const { items } = await client.list(REFS.secrets, { namespace, ...options });
    if (refersTo(account, namesOf(items))) return undefined;
    const spare = items.find(({ metadata }) => metadata.annotations?.[UID] === account.metadata.uid);
    const secret = spare ?? (await make(account).catch(unlessTerminating));
    if (!secret) return undefined;
    const present = new Set([...namesOf(items), secret.metadata.name]);
    const kept = (account.secrets ?? []).filter(
      (ref) => present.has(ref.name) || !ref.name?.startsWith(`${name}-token-`),
    );
    const next = { ...account, secrets: [...kept, { name: secret.metadata.name ?? '' }] };
    await client.update(REFS.serviceAccounts, next).catch(ignore('NotFound'));
    return undefined;
  };
  const make = ({ metadata: { name = '', namespace = '', uid = '' } }: Account): Promise<KubeObject> =>
    client.create<KubeObject>(REFS.secrets, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: `${name}-token-${suffix()}`,
        namespace,
        annotations: { [NAME]: name, [UID]: uid },
      },
      type: TYPE,
    });

  const reconciler = new Reconciler({
    name: 'account-tokens',
    clock: context.clock,
    log: context.log,
    reconcile,
  });
  accounts.onChange(({ type, object }) => {
    if (type !== 'deleted') reconciler.enqueue(keyOf(object));
  });
  secrets.onChange(({ type, object }) => {
    const { namespace = '', annotations } = object.metadata;
    if (type === 'deleted') reconciler.enqueue(`${namespace}/${annotations?.[NAME] ?? ''}`);
  });
  accounts.start();
  secrets.start();
  const synced = Promise.all([accounts.synced(), secrets.synced()]).then(() => reconciler.start());
  return {
    synced,
    async stop() {
      accounts.stop();
      secrets.stop();
      await reconciler.stop();
    },
  };
}

const isIn =
  (namespace: string) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.namespace === namespace;

const namesOf = (objects: readonly KubeObject[]): string[] =>
  objects.map(({ metadata }) => metadata.name ?? '');

const refersTo = (account: Account, names: readonly string[]): boolean =>
  account.secrets?.some(({ name = '' }) => names.includes(name)) ?? false;

function unlessTerminating(error: unknown): undefined {
  if (!isTerminating(error)) throw error;
}

function suffix(): string {
  let text = '';
  for (let i = 0; i < 5; i++) text += LETTERS[randomInt(LETTERS.length)];
  return text;
}
