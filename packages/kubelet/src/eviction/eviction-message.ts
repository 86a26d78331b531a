import type { k8s } from '@sampan/api';
import { Quantity } from '@sampan/base';
import { type Observations, SIGNALS, type SignalTraits } from './signals.ts';
import { type Threshold, thresholdAmount } from './thresholds.ts';

/** What one container uses, where its pod's limits do not tell. */
export interface ContainerUse {
  readonly name: string;
  readonly memory: number;
  /** Its own layer and its logs. */
  readonly disk: number;
}

/** Why a pod was chosen, in upstream's words (eviction/helpers.go evictionMessage). Pure. */
export function evictionMessage(
  threshold: Threshold,
  observations: Observations,
  pod: k8s.Pod,
  containers: readonly ContainerUse[],
): string {
  const { resource } = SIGNALS[threshold.signal];
  const { available, capacity } = observations[threshold.signal];
  const least = text(thresholdAmount(threshold.least, capacity));
  const low = `The node was low on resource: ${resource}. Threshold quantity: ${least}, available: ${text(available)}. `;
  return low + (pod.spec?.containers ?? []).map((each) => containerPart(each, resource, containers)).join('');
}

function containerPart(
  { name, resources }: k8s.Container,
  resource: SignalTraits['resource'],
  uses: readonly ContainerUse[],
): string {
  const use = uses.find((each) => each.name === name);
  const amount =
    resource === 'memory' ? use?.memory : resource === 'ephemeral-storage' ? use?.disk : undefined;
  const request = Quantity.tryParse(resources?.requests?.[resource] ?? '0');
  if (amount === undefined || request === undefined || amount <= request.value()) return '';
  return `Container ${name} was using ${text(amount)}, request is ${request}, has larger consumption of ${resource}. `;
}

const text = (amount: number): string => Quantity.of(Math.floor(amount), 'BinarySI').toString();
