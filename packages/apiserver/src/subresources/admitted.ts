import type { KubeObject } from '@sampan/api';
import { Reservations } from '../admission/chain.ts';
import type { AdmissionOperation, AdmissionRequest } from '../admission/contract.ts';
import type { Cluster } from '../registry/cluster.ts';
import { optionsFor, type RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';

interface Target {
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly object: KubeObject | undefined;
  readonly operation?: AdmissionOperation;
  /** Of CONNECT. */
  connectOptions?(): KubeObject;
}

/** Runs an action on a subresource once admission has agreed to its body. */
export async function admitted<T>(
  cluster: Cluster,
  resource: ServedResource,
  target: Target,
  context: RequestContext,
  action: () => Promise<T>,
): Promise<T> {
  const request: AdmissionRequest = {
    operation: target.operation ?? 'CREATE',
    definition: resource.definition,
    subresource: target.subresource,
    namespace: target.namespace,
    name: target.name,
    object: target.object,
    old: undefined,
    user: context.user,
    dryRun: context.dryRun,
    ...(target.connectOptions
      ? { connectOptions: target.connectOptions }
      : { options: optionsFor('CreateOptions', context) }),
    warn: context.warn,
    annotate: () => {},
  };
  const reservations = new Reservations();
  await cluster.admission.admit(request);
  try {
    await cluster.admission.validate(request, reservations);
    const result = await action();
    reservations.commit();
    return result;
  } finally {
    reservations.release();
  }
}
