import {
  type AdmissionWebhook,
  compileLabelSelector,
  MatchConditions,
  type WebhookConfiguration,
} from '@sampan/api';
import type { ObjectReader } from '@sampan/machinery';
import { type CallTarget, callTarget } from './https-caller.ts';
import type { Criteria } from './matching.ts';

/** A webhook of a configuration, with what asking it needs made once. */
export interface Hook {
  readonly configuration: string;
  /** Unique among all webhooks of one sort. */
  readonly id: string;
  readonly webhook: AdmissionWebhook;
  readonly criteria: Criteria;
  readonly conditions: MatchConditions;
  readonly target: CallTarget;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_SECONDS = 10;

/** All webhooks of one collection, by the name of their configuration; kept by watch, so that asking costs nothing. */
export class WebhookList {
  #hooks: readonly Hook[] = [];
  readonly #stop: () => void;

  constructor(reader: ObjectReader, collection: string) {
    const rebuild = () => {
      this.#hooks = reader.list<WebhookConfiguration>(collection).flatMap(hooksOf);
    };
    this.#stop = reader.watch(collection, rebuild);
    rebuild();
  }

  get hooks(): readonly Hook[] {
    return this.#hooks;
  }

  close(): void {
    this.#stop();
  }
}

const known = new WeakMap<WebhookConfiguration, readonly Hook[]>();

function hooksOf(configuration: WebhookConfiguration): readonly Hook[] {
  return known.getOrInsertComputed(configuration, () => {
    const name = configuration.metadata.name ?? '';
    const seen = new Map<string, number>();
    return (configuration.webhooks ?? []).map((webhook) => {
      const index = seen.get(webhook.name) ?? 0;
      seen.set(webhook.name, index + 1);
      return hookOf(name, webhook, index);
    });
  });
}

function hookOf(configuration: string, webhook: AdmissionWebhook, index: number): Hook {
  return {
    configuration,
    id: `${configuration}/${webhook.name}/${index}`,
    webhook,
    criteria: {
      namespaces: compileLabelSelector(webhook.namespaceSelector),
      objects: compileLabelSelector(webhook.objectSelector),
      rules: webhook.rules ?? [],
      equivalent: webhook.matchPolicy === 'Equivalent',
    },
    conditions: new MatchConditions(webhook.matchConditions ?? []),
    target: callTarget(webhook.clientConfig),
    timeoutMs: (webhook.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
  };
}
