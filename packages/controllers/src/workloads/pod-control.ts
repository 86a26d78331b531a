import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { messageOf } from '@sampan/base';
import { type Client, controllerReference, type EventRecorder, REFS } from '@sampan/machinery';
import { isTerminating } from '../controller.ts';
import type { Expectations } from './expectations.ts';
import type { Pod } from './objects.ts';

export interface PodControlOptions {
  readonly client: Client;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly expectations: Expectations;
}

/** Makes and deletes pods of owners, tells of it by events, and remembers it until it is seen. */
export class PodControl {
  readonly #options: PodControlOptions;

  constructor(options: PodControlOptions) {
    this.#options = options;
  }

  /** Resolves also when the namespace goes away, so that nothing was made. `prefix`: of the name; default the owner's. */
  async create(owner: KubeObject, template: k8s.PodTemplateSpec, prefix?: string): Promise<void> {
    const { client, events, expectations } = this.#options;
    const pod = podFromTemplate(owner, template, prefix);
    await expectations.creation(owner.metadata.uid ?? '', async () => {
      try {
        const made = await client.create(REFS.pods, pod);
        events.record(owner, {
          type: 'Normal',
          reason: 'SuccessfulCreate',
          note: `Created pod: ${made.metadata.name}`,
        });
        return made.metadata.uid;
      } catch (error) {
        if (isTerminating(error)) return undefined;
        const note = `Error creating: ${messageOf(error)}`;
        events.record(owner, { type: 'Warning', reason: 'FailedCreate', note });
        throw error;
      }
    });
  }

  /** A pod of the same name that came after it stays. */
  async delete(owner: KubeObject, pod: Pod): Promise<void> {
    const { client, events, expectations } = this.#options;
    const { namespace, name = '', uid = '' } = pod.metadata;
    const ownerUid = owner.metadata.uid ?? '';
    expectations.expectDeletion(ownerUid, uid);
    try {
      await client.delete(REFS.pods, namespace, name, { preconditions: { uid } });
      events.record(owner, { type: 'Normal', reason: 'SuccessfulDelete', note: `Deleted pod: ${name}` });
    } catch (error) {
      expectations.deletedSeen(ownerUid, uid);
      if (error instanceof StatusError && ['NotFound', 'Conflict'].includes(error.reason)) return;
      const note = `Error deleting: ${messageOf(error)}`;
      events.record(owner, { type: 'Warning', reason: 'FailedDelete', note });
      throw new Error(`unable to delete pods: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** A new pod of an owner (controller.GetPodFromTemplate). */
export function podFromTemplate(owner: KubeObject, template: k8s.PodTemplateSpec, prefix?: string): Pod {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const { namespace } = owner.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: prefix ?? podPrefix(owner.metadata.name ?? ''),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(owner)],
    },
    spec: template.spec ?? {},
  };
}

/** With a dash where that is valid: pod names are DNS subdomains. */
function podPrefix(name: string): string {
  return name.length < 253 ? `${name}-` : name;
}
