import { errors, type KubeObject, type ResourceDefinition } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { ObjectReader, ProvidedResource } from '@sampan/machinery';
import type { NodeAgent } from '../node-proxy/index.ts';
import { type Metrics, NODE_METRICS, POD_METRICS } from './metrics-schema.ts';

/** What the node agent answers at `/metrics.k8s.io`: without labels. */
interface MetricsAnswer {
  readonly nodes: readonly Measured[];
  readonly pods: readonly Measured[];
}

interface Measured extends Pick<Metrics, 'usage' | 'containers'> {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly uid?: string };
  readonly timestamp: string;
  readonly window: string;
}

const MOST_BYTES = 16 * 1024 * 1024;

/** The metrics of nodes and pods (metrics.k8s.io/v1beta1), asked of the node agent each time. */
export function metricsResources(agent: NodeAgent, reader: ObjectReader): ProvidedResource[] {
  return [
    new MetricsResource(NODE_METRICS, agent, reader, ({ nodes }) => nodes),
    new MetricsResource(POD_METRICS, agent, reader, ({ pods }) => pods),
  ];
}

class MetricsResource implements ProvidedResource {
  readonly definition: ResourceDefinition;
  readonly #agent: NodeAgent;
  readonly #reader: ObjectReader;
  readonly #pick: (answer: MetricsAnswer) => readonly Measured[];

  constructor(
    definition: ResourceDefinition,
    agent: NodeAgent,
    reader: ObjectReader,
    pick: (answer: MetricsAnswer) => readonly Measured[],
  ) {
    this.definition = definition;
    this.#agent = agent;
    this.#reader = reader;
    this.#pick = pick;
  }

  async list(namespace: string) {
    const all = this.#pick(await this.#ask());
    const items = all
      .filter(({ metadata }) => namespace === '' || metadata.namespace === namespace)
      .flatMap((measured) => this.#complete(measured));
    return { items, resourceVersion: '' };
  }

  async get(namespace: string, name: string): Promise<KubeObject | undefined> {
    const { items } = await this.list(namespace);
    return items.find(({ metadata }) => metadata.name === name);
  }

  /** With the labels of what is measured; nothing when that is gone by now, or another one. */
  #complete({ metadata, ...rest }: Measured): Metrics[] {
    const { name, namespace = '', uid } = metadata;
    const measured = this.#reader.get(this.definition.resource, namespace, name)?.metadata;
    if (!measured || !isOf(measured, uid)) return [];
    const { group, version, kind } = this.definition;
    return [
      {
        kind,
        apiVersion: `${group}/${version}`,
        metadata: {
          name,
          ...(namespace === '' ? {} : { namespace }),
          creationTimestamp: rest.timestamp,
          ...(measured.labels && { labels: measured.labels }),
        },
        ...rest,
      },
    ];
  }

  async #ask(): Promise<MetricsAnswer> {
    const answer = await this.#agent.get('/metrics.k8s.io');
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of answer) {
      length += (part as Buffer).length;
      if (length > MOST_BYTES) throw errors.internal('the node agent tells too much');
      parts.push(part as Buffer);
    }
    try {
      return JSON.parse(Buffer.concat(parts).toString('utf8')) as MetricsAnswer;
    } catch (error) {
      throw errors.internal(`the node agent cannot be understood: ${messageOf(error)}`);
    }
  }
}

/** Static pods run under a uid of their own, which their mirror names. */
function isOf({ uid, annotations }: KubeObject['metadata'], measured: string | undefined): boolean {
  return (
    measured === undefined || measured === uid || measured === annotations?.['kubernetes.io/config.hash']
  );
}
