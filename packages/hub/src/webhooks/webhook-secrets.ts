import type { KubeObject, k8s } from '@sampan/api';
import type { Clock, Logger } from '@sampan/base';
import { type Client, Informer, REFS } from '@sampan/machinery';
import type { WebhookSpec } from '../kinds/webhook.ts';
import { keyOfSecret } from './signature.ts';

type Secret = k8s.Secret & KubeObject;
type SecretRef = NonNullable<WebhookSpec['secretRef']>;

/** The key, or why there is none. */
export type SecretKey = { readonly key: Uint8Array } | { readonly missing: string };

interface Watched {
  readonly informer: Informer<Secret>;
  readonly webhooks: Set<string>;
}

interface WebhookSecretsOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** What `webhook` signs with may have changed. */
  readonly onChange: (webhook: string) => void;
}

/** The Secrets that webhooks name, each watched by its name: others are none of the registry's business. */
export class WebhookSecrets {
  readonly #options: WebhookSecretsOptions;
  readonly #watched = new Map<string, Watched>();

  constructor(options: WebhookSecretsOptions) {
    this.#options = options;
  }

  /** The key that the webhook names, from now on watched in the place of the one that it named before. */
  keyOf(webhook: string, { namespace, name, key }: SecretRef): SecretKey {
    const path = `${namespace}/${name}`;
    this.#forgetBut(webhook, path);
    const { informer } = this.#watch(webhook, path);
    if (!informer.isSynced) return { missing: `the Secret ${path} could not be read yet` };
    const secret = informer.get(namespace, name);
    if (!secret) return { missing: `there is no Secret ${path}` };
    const value = secret.data?.[key];
    if (value === undefined || value === '') return { missing: `the Secret ${path} has no ${key}` };
    return { key: keyOfSecret(Buffer.from(value, 'base64')) };
  }

  /** The webhook names none any more. */
  forget(webhook: string): void {
    this.#forgetBut(webhook, undefined);
  }

  close(): void {
    for (const { informer } of this.#watched.values()) informer.stop();
    this.#watched.clear();
  }

  #watch(webhook: string, path: string): Watched {
    const present = this.#watched.get(path);
    present?.webhooks.add(webhook);
    return present ?? this.#begin(webhook, path);
  }

  #begin(webhook: string, path: string): Watched {
    const { client, clock, log, onChange } = this.#options;
    const [namespace = '', name = ''] = path.split('/');
    const options = { namespace, fieldSelector: `metadata.name=${name}` };
    const informer = new Informer<Secret>({ client, ref: REFS.secrets, options, clock, log });
    const webhooks = new Set([webhook]);
    const changed = () => {
      for (const each of webhooks) onChange(each);
    };
    informer.onChange(changed);
    // that there is none is news too
    void informer.synced().then(changed);
    informer.start();
    const watched = { informer, webhooks };
    this.#watched.set(path, watched);
    return watched;
  }

  #forgetBut(webhook: string, kept: string | undefined): void {
    for (const [path, { informer, webhooks }] of this.#watched) {
      if (path === kept || !webhooks.delete(webhook) || webhooks.size > 0) continue;
      informer.stop();
      this.#watched.delete(path);
    }
  }
}
