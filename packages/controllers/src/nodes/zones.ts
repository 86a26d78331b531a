import type { Node } from '../workloads/objects.ts';
import { readyCondition } from './health.ts';

/** Nodes that are tainted per second: --node-eviction-rate and --secondary-node-eviction-rate. */
const RATE = 0.1;
const SECONDARY_RATE = 0.01;
/** --large-cluster-size-threshold and --unhealthy-zone-threshold */
const LARGE_ZONE = 50;
const UNHEALTHY_SHARE = 0.55;
const EXCLUDED = 'node.kubernetes.io/exclude-disruption';

export interface ZoneState {
  /** How many nodes may be given up per second. */
  readonly rate: number;
}

export interface Disruption {
  readonly zones: ReadonlyMap<string, ZoneState>;
  /** No node is ready at all: rather the control plane is cut off than all nodes are dead. */
  readonly everywhere: boolean;
}

/** Nodes fail together when their zone does. */
export function zoneOf({ metadata }: Node): string {
  const { labels = {} } = metadata;
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`;
}

/** How bad it is where (upstream's ComputeZoneState and handleDisruption). Pure. */
export function disruptionOf(nodes: Iterable<Node>): Disruption {
  const counts = new Map<string, { ready: number; others: number }>();
  for (const node of nodes) {
    const zone = counts.getOrInsertComputed(zoneOf(node), () => ({ ready: 0, others: 0 }));
    if (node.metadata.labels && Object.hasOwn(node.metadata.labels, EXCLUDED)) continue;
    if (readyCondition(node)?.status === 'True') zone.ready++;
    else zone.others++;
  }
  const zones = new Map<string, ZoneState>();
  let everywhere = counts.size > 0;
  for (const [zone, { ready, others }] of counts) {
    if (ready > 0 || others === 0) everywhere = false;
    const partly = ready > 0 && others > 2 && others / (ready + others) >= UNHEALTHY_SHARE;
    const secondary = ready + others > LARGE_ZONE ? SECONDARY_RATE : 0;
    zones.set(zone, { rate: partly ? secondary : RATE });
  }
  return { zones, everywhere };
}

/** Lets so many through per second; the first at once. */
export class EvictionLimiter {
  readonly #next = new Map<string, number>();

  /** 0: now, and counted; else in how many milliseconds; undefined: not at this rate. */
  take(zone: string, rate: number, now: number): number | undefined {
    if (rate === 0) return undefined;
    const wait = (this.#next.get(zone) ?? 0) - now;
    if (wait > 0) return wait;
    this.#next.set(zone, now + 1000 / rate);
    return 0;
  }
}
