import type { k8s } from '@sampan/api';
import { type Client, REFS } from '@sampan/machinery';
import { listApps } from './app.ts';
import { tellTrouble } from './tell-trouble.ts';

export interface NodeStatus {
  readonly name: string;
  readonly ready: boolean;
  /** Why not, or under which pressure it is; empty when all is well. */
  readonly message: string;
}

export interface AppTrouble {
  readonly namespace: string;
  readonly name: string;
  /** As kubectl shows it: `ImagePullBackOff`. */
  readonly reason: string;
  readonly problem: string;
  /** What to do; may be empty. */
  readonly advice: string;
}

/** What is wrong in a cluster, by name. */
export async function readTroubles(
  client: Client,
): Promise<{ nodes: readonly NodeStatus[]; troubles: readonly AppTrouble[] }> {
  const [nodes, apps, services, events] = await Promise.all([
    client.list(REFS.nodes),
    listApps(client, undefined),
    client.list(REFS.services),
    client.list(REFS.events),
  ]);
  const ofApps = apps.flatMap((app): AppTrouble[] => {
    const told = tellTrouble(app);
    const { namespace, name, trouble } = app;
    return told && trouble ? [{ namespace, name, reason: trouble.reason, ...told }] : [];
  });
  const ofServices = waitingBalancers(
    services.items as unknown as readonly k8s.Service[],
    events.items as unknown as readonly k8s.CoreV1Event[],
  );
  return {
    nodes: nodes.items.map((node) => nodeStatusOf(node as unknown as k8s.Node)),
    troubles: [...ofApps, ...ofServices],
  };
}

/** Services whose ports of this machine somebody else has. Pure. */
export function waitingBalancers(
  services: readonly k8s.Service[],
  events: readonly k8s.CoreV1Event[],
): AppTrouble[] {
  return services.flatMap(({ metadata, spec, status }) => {
    if (spec?.type !== 'LoadBalancer' || status?.loadBalancer?.ingress?.length) return [];
    const said = events.findLast(
      ({ type, involvedObject }) => type === 'Warning' && involvedObject.uid === metadata?.uid,
    );
    if (!said) return [];
    const { name = '', namespace = '' } = metadata ?? {};
    const reason = said.reason ?? '';
    const problem = `${name}: its Service has no port on this machine (${reason}): ${said.message ?? ''}`;
    return [{ namespace, name, reason, problem, advice: '' }];
  });
}

const PRESSURES: Readonly<Record<string, string>> = {
  DiskPressure: 'little disk space is left: pods are ended, and none begin',
  MemoryPressure: 'little memory is left: pods are ended, and some do not begin',
  PIDPressure: 'few processes can begin',
};

/** Pure. */
export function nodeStatusOf({ metadata, spec, status }: k8s.Node): NodeStatus {
  const conditions = status?.conditions ?? [];
  const ready = conditions.find(({ type }) => type === 'Ready');
  const isReady = ready?.status === 'True';
  const pressures = conditions.flatMap(({ type, status: is }) =>
    is === 'True' && PRESSURES[type] ? [PRESSURES[type]] : [],
  );
  const messages = [
    ...(isReady ? [] : [ready?.message ?? 'it has said nothing yet']),
    ...pressures,
    ...(spec?.unschedulable ? ['cordoned: no pods begin on it'] : []),
  ];
  return { name: metadata?.name ?? '', ready: isReady, message: messages.filter(Boolean).join('; ') };
}
