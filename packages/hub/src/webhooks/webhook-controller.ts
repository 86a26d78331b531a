import { StatusError } from '@sampan/api';
import { type Clock, deepEqual, type Logger } from '@sampan/base';
import { type Client, Informer, Reconciler } from '@sampan/machinery';
import { WEBHOOKS, type WebhookObject } from '../kinds/webhook.ts';
import { isAllowed, NO_HOSTS, type WebhookHosts } from './receiver-address.ts';
import type { WebhookTarget } from './target.ts';
import { WebhookSecrets } from './webhook-secrets.ts';
import { type ReplayOutcome, webhookStatus } from './webhook-status.ts';
import type { Webhooks } from './webhooks.ts';

/** After a try, until the status tells of it: of many tries one status. */
const TELL_MS = 1000;

export interface WebhookControllerOptions {
  /** Of the cluster that has the Webhook objects; the kind is installed. */
  readonly client: Client;
  readonly webhooks: Webhooks;
  /** Default: none. */
  readonly hosts?: WebhookHosts | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Makes `Webhooks` what the Webhook objects say, and tells there how it goes. */
export class WebhookController {
  readonly #options: WebhookControllerOptions;
  readonly #hosts: WebhookHosts;
  readonly #objects: Informer<WebhookObject>;
  readonly #secrets: WebhookSecrets;
  readonly #reconciler: Reconciler;
  /** What was asked and done last since this controller began: the status that tells of it may not be seen yet. */
  readonly #replayed = new Map<string, ReplayOutcome>();
  #endTries: () => void = () => undefined;
  #endHosts: () => void = () => undefined;

  constructor(options: WebhookControllerOptions) {
    const { client, clock, log } = options;
    this.#options = options;
    this.#hosts = options.hosts ?? NO_HOSTS;
    this.#objects = new Informer<WebhookObject>({ client, ref: WEBHOOKS, clock, log });
    const reconcile = (name: string) => this.#reconcile(name);
    this.#reconciler = new Reconciler({ name: 'webhooks', clock, log, reconcile });
    const onChange = (name: string) => this.#reconciler.enqueue(name);
    this.#secrets = new WebhookSecrets({ client, clock, log, onChange });
  }

  /** Once. */
  start(): void {
    this.#objects.onChange(({ object }) => this.#reconciler.enqueue(object.metadata.name ?? ''));
    this.#endTries = this.#options.webhooks.onTry((name) => this.#reconciler.enqueueAfter(name, TELL_MS));
    this.#endHosts = this.#hosts.follow(() => this.#judgeAll());
    this.#objects.start();
    void this.#begin();
  }

  /** Resolves when what it was doing is done. May be called twice. */
  async stop(): Promise<void> {
    this.#endTries();
    this.#endHosts();
    this.#objects.stop();
    this.#secrets.close();
    await this.#reconciler.stop();
  }

  /** Events wait until all webhooks are known. */
  async #begin(): Promise<void> {
    await this.#objects.synced();
    this.#reconciler.enqueue(ALL_KNOWN);
    this.#reconciler.start();
  }

  #judgeAll(): void {
    for (const { metadata } of this.#objects.list()) this.#reconciler.enqueue(metadata.name ?? '');
  }

  async #reconcile(name: string): Promise<undefined> {
    const { webhooks } = this.#options;
    if (name === ALL_KNOWN) return this.#tellAllKnown();
    const object = this.#objects.get('', name);
    if (!object) {
      this.#secrets.forget(name);
      this.#replayed.delete(name);
      await webhooks.remove(name);
      return;
    }
    const target = this.#targetOf(name, object);
    await webhooks.set(target);
    await this.#tell(name, object, target, await this.#replay(name, object));
  }

  async #tellAllKnown(): Promise<undefined> {
    const { webhooks } = this.#options;
    for (const { metadata } of this.#objects.list()) {
      const { name = '' } = metadata;
      // it may have gone while others were set
      const object = this.#objects.get('', name);
      if (object) await webhooks.set(this.#targetOf(name, object));
    }
    await webhooks.known();
  }

  #targetOf(name: string, { spec }: WebhookObject): WebhookTarget {
    const { project = '', url = '', events = [], filter = {}, disabled = false } = spec ?? {};
    const { secretRef, caBundle: ca } = spec ?? {};
    const allowed = isAllowed(url, this.#hosts.list());
    const common = { name, project, url, ca, allowed, events, filter, disabled };
    if (!secretRef) this.#secrets.forget(name);
    const found = secretRef && this.#secrets.keyOf(name, secretRef);
    if (!found) return { ...common, key: undefined };
    return 'key' in found
      ? { ...common, key: found.key }
      : { ...common, key: undefined, held: found.missing };
  }

  /** Each `requestedAt` once. */
  async #replay(name: string, { spec, status }: WebhookObject): Promise<ReplayOutcome | undefined> {
    const known = this.#replayed.get(name);
    const { delivery, requestedAt } = spec?.replay ?? {};
    if (delivery === undefined || requestedAt === undefined) return known;
    if (requestedAt === (known?.requestedAt ?? status?.replayed)) return known;
    const found = await this.#options.webhooks.replay(name, delivery);
    const outcome = { requestedAt, delivery, found };
    this.#replayed.set(name, outcome);
    return outcome;
  }

  async #tell(
    name: string,
    object: WebhookObject,
    target: WebhookTarget,
    replay: ReplayOutcome | undefined,
  ): Promise<void> {
    const { client, webhooks, clock } = this.#options;
    const summary = await webhooks.summary(name);
    const status = webhookStatus(object, { target, summary, replay, now: clock.now() });
    if (deepEqual(status, object.status)) return;
    const write = client.patch(WEBHOOKS, undefined, name, 'merge', { status }, { subresource: 'status' });
    await write.catch((error: unknown) => {
      // it went meanwhile
      if (!(error instanceof StatusError && error.code === 404)) throw error;
    });
  }
}

/** A key that is no object's name: to say that all were seen, and to try that again when it fails. */
const ALL_KNOWN = '*';
