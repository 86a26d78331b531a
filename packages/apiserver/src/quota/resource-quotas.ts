import type { KubeObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionOperation, AdmissionRequest, Reservation } from '../admission/contract.ts';
import type { AdmissionOptions } from '../admission/options.ts';
import { type Amounts, amountsOf, masked, print, toList } from './amounts.ts';
import { collectionOf, type Evaluator, evaluatorFor } from './evaluators.ts';
import { Ledger, type Pending } from './ledger.ts';
import { StatusWriter } from './status-writer.ts';

const QUOTAS = 'resourcequotas';

type Definition = AdmissionRequest['definition'];

/**
 * The quotas of a cluster and their exact use (Kubernetes docs "Resource Quotas"). Admission reserves before a write
 * and settles after it, so concurrent writes cannot exceed a quota together. Stored objects are followed by the
 * reader's watches, only in collections that a quota counts and that have objects; `status` is written when it differs from what is
 * counted, by events alone.
 */
export class ResourceQuotas {
  readonly #reader: ObjectReader;
  readonly #writer: StatusWriter;
  /** By namespace, then by name in order. */
  readonly #ledgers = new Map<string, Map<string, Ledger>>();
  readonly #watches = new Map<string, () => void>();

  constructor(options: Pick<AdmissionOptions, 'reader' | 'client' | 'clock' | 'log'>) {
    this.#reader = options.reader;
    this.#writer = new StatusWriter(options, (namespace, name) => this.#statusOf(namespace, name));
    this.#watches.set(
      QUOTAS,
      options.reader.watch(QUOTAS, ({ type, object, previous }) => {
        if (type === 'deleted') this.#drop(object);
        else if (type === 'modified' && deepEqual(object.spec, previous?.spec)) this.#mark(object);
        else this.#take(object);
        this.#follow(QUOTAS, type, object);
      }),
    );
    for (const quota of options.reader.list(QUOTAS)) this.#take(quota);
  }

  /** Is there a quota at all in the namespace? */
  hasAny(namespace: string): boolean {
    return this.#ledgers.has(namespace);
  }

  /** May such requests use more than before? */
  counts(definition: Definition, operation: AdmissionOperation, subresource: string): boolean {
    return evaluatorFor(collectionOf(definition)).handles(operation, subresource);
  }

  /** Why the request cannot be had, else its reservation; undefined when nothing has to be reserved. */
  reserve(request: AdmissionRequest): Reservation | string | undefined {
    const { object, old, namespace } = request;
    const ledgers = this.#ledgers.get(namespace);
    if (!ledgers || !object) return undefined;
    const collection = collectionOf(request.definition);
    const evaluator = evaluatorFor(collection);
    const concerned: Ledger[] = [];
    for (const ledger of ledgers.values()) if (ledger.counts(collection)) this.#watch(collection);
    for (const ledger of sorted(ledgers)) {
      const names = ledger.namesFor(collection, object);
      if (names.length === 0) continue;
      const problem = refusal(ledger, names, evaluator, object, old);
      if (problem !== undefined) return problem;
      concerned.push(ledger);
    }
    return concerned.length === 0 || request.dryRun
      ? undefined
      : this.#hold(concerned, { collection, object });
  }

  close(): void {
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
    this.#writer.close();
  }

  #hold(ledgers: readonly Ledger[], pending: Pending): Reservation {
    for (const ledger of ledgers) {
      ledger.hold(pending);
      this.#writer.mark(ledger.namespace, ledger.name);
    }
    const settle = () => {
      // a ledger may have been replaced meanwhile: its successor has the pending write too
      for (const { namespace, name } of ledgers) {
        this.#ledgers.get(namespace)?.get(name)?.settle(pending);
        this.#writer.mark(namespace, name);
      }
    };
    return { commit: settle, release: settle };
  }

  #take(quota: KubeObject): void {
    const { namespace = '', name = '' } = quota.metadata;
    const ledgers = this.#ledgers.get(namespace) ?? new Map<string, Ledger>();
    const ledger = new Ledger(quota, this.#reader, ledgers.get(name)?.pending() ?? []);
    this.#ledgers.set(namespace, ledgers.set(name, ledger));
    for (const collection of ledger.collections) {
      // quotas name what they like: an empty collection is followed once something is made in it
      if (this.#reader.list(collection, namespace).length > 0) this.#watch(collection);
    }
    this.#writer.mark(namespace, name);
  }

  #mark(quota: KubeObject): void {
    this.#writer.mark(quota.metadata.namespace ?? '', quota.metadata.name ?? '');
  }

  #drop(quota: KubeObject): void {
    const { namespace = '', name = '' } = quota.metadata;
    const ledgers = this.#ledgers.get(namespace);
    ledgers?.delete(name);
    if (ledgers?.size === 0) this.#ledgers.delete(namespace);
  }

  #watch(collection: string): void {
    if (this.#watches.has(collection)) return;
    const stop = this.#reader.watch(collection, ({ type, object }) => this.#follow(collection, type, object));
    this.#watches.set(collection, stop);
    for (const ledgers of this.#ledgers.values()) {
      for (const ledger of ledgers.values()) ledger.recount(collection, this.#reader);
    }
  }

  #follow(collection: string, type: 'added' | 'modified' | 'deleted', object: KubeObject): void {
    const { namespace = '' } = object.metadata;
    const ledgers = this.#ledgers.get(namespace);
    if (!ledgers) return;
    for (const ledger of ledgers.values()) {
      if (!ledger.counts(collection)) continue;
      if (type === 'deleted') ledger.remove(collection, object);
      else ledger.store(collection, object);
      this.#writer.mark(namespace, ledger.name);
    }
  }

  /** What a quota's status should say, when it does not say so. */
  #statusOf(namespace: string, name: string): object | undefined {
    const ledger = this.#ledgers.get(namespace)?.get(name);
    const quota = this.#reader.get(QUOTAS, namespace, name);
    if (!ledger || !quota) return undefined;
    const wanted = { hard: ledger.hard, used: ledger.total };
    const { hard, used } = quota.status ?? {};
    if (same(wanted.hard, hard) && same(wanted.used, used)) return undefined;
    return { hard: toList(wanted.hard), used: toList(wanted.used) };
  }
}

/** Are the amounts the same, however they are written? */
function same(amounts: Amounts, list: Record<string, string> | undefined): boolean {
  const present = amountsOf(list);
  if (present.size !== amounts.size) return false;
  for (const [name, quantity] of amounts) if (!present.get(name)?.equals(quantity)) return false;
  return true;
}

function* sorted(ledgers: ReadonlyMap<string, Ledger>): Generator<Ledger> {
  for (const name of [...ledgers.keys()].sort()) {
    const ledger = ledgers.get(name);
    if (ledger) yield ledger;
  }
}

/** Upstream's reasons (apiserver pkg/admission/plugin/resourcequota CheckRequest). */
function refusal(
  ledger: Ledger,
  names: readonly string[],
  evaluator: Evaluator,
  object: KubeObject,
  old: KubeObject | undefined,
): string | undefined {
  const missing = evaluator.missing?.(names, object);
  if (missing !== undefined) return `failed quota: ${ledger.name}: ${missing}`;
  const usage = masked(evaluator.usage(object), names);
  const negative = [...usage].filter(([, quantity]) => quantity.sign() < 0).map(([name]) => name);
  if (negative.length > 0) return `quota usage is negative for resource(s): ${negative.sort().join(',')}`;
  const before = old ? ledger.useOf(old.metadata.uid ?? '') : undefined;
  const requested: Amounts = new Map();
  const used: Amounts = new Map();
  const limited: Amounts = new Map();
  for (const [name, quantity] of usage) {
    const present = before?.get(name);
    const more = present ? quantity.sub(present) : quantity;
    const limit = ledger.hard.get(name);
    if (more.sign() <= 0 || !limit || ledger.used(name).add(more).compare(limit) <= 0) continue;
    requested.set(name, more);
    used.set(name, ledger.used(name));
    limited.set(name, limit);
  }
  if (requested.size === 0) return undefined;
  return `exceeded quota: ${ledger.name}, requested: ${print(requested)}, used: ${print(used)}, limited: ${print(limited)}`;
}
