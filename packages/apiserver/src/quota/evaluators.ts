import { type KubeObject, qualified, type ResourceDefinition } from '@sampan/api';
import { Quantity } from '@sampan/base';
import type { AdmissionOperation } from '../admission/contract.ts';
import type { Amounts } from './amounts.ts';
import { claimEvaluator } from './claim-evaluator.ts';
import { podEvaluator } from './pod-evaluator.ts';
import type { ScopeRequirement } from './scopes.ts';
import { serviceEvaluator } from './service-evaluator.ts';

/** How the objects of one collection count (apiserver pkg/quota/v1 Evaluator). */
export interface Evaluator {
  /** Does it count under this name of `spec.hard`? */
  counts(name: string): boolean;
  /** Which requests may raise the use. */
  handles(operation: AdmissionOperation, subresource: string): boolean;
  /** All that an object uses. */
  usage(object: KubeObject): Amounts;
  /** Is the object within the scope? Absent: a quota with scopes does not concern the collection. */
  inScope?(requirement: ScopeRequirement, object: KubeObject): boolean;
  /** What an object must say when these names are limited; undefined: it says it. */
  missing?(names: readonly string[], object: KubeObject): string | undefined;
}

const ONE = Quantity.of(1);

const SPECIAL: ReadonlyMap<string, Evaluator> = new Map<string, Evaluator>([
  ['pods', podEvaluator],
  ['services', serviceEvaluator],
  ['persistentvolumeclaims', claimEvaluator],
]);
/** Names from before `count/…`. */
const ALIASES: ReadonlySet<string> = new Set([
  'configmaps',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
]);
const cache = new Map<string, Evaluator>();

/** Where objects of a kind are counted: its collection in the store. */
export const collectionOf = (definition: ResourceDefinition): string =>
  qualified(definition.storage ?? { group: definition.group, resource: definition.resource });

/** Everything else is counted by number. */
export function evaluatorFor(collection: string): Evaluator {
  const special = SPECIAL.get(collection);
  if (special) return special;
  let evaluator = cache.get(collection);
  if (!evaluator) {
    evaluator = countOf(collection);
    cache.set(collection, evaluator);
  }
  return evaluator;
}

function countOf(collection: string): Evaluator {
  const names = ALIASES.has(collection) ? [`count/${collection}`, collection] : [`count/${collection}`];
  const usage: Amounts = new Map(names.map((name) => [name, ONE]));
  return {
    counts: (name) => names.includes(name),
    handles: (operation, subresource) => operation === 'CREATE' && subresource === '',
    usage: () => usage,
  };
}

/** The collection that a name of `spec.hard` counts; undefined: none that is known. */
export function collectionCounted(name: string): string | undefined {
  if (name.startsWith('count/')) return name.slice('count/'.length);
  if (ALIASES.has(name)) return name;
  for (const [collection, evaluator] of SPECIAL) if (evaluator.counts(name)) return collection;
  return undefined;
}
