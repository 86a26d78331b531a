import type { k8s } from '@sampan/api';
import { amountsOf } from '../resize/allocation.ts';
import type { ContainerConfig, Device, ImageStatus, Mount } from '../runtime/index.ts';
import { containerEnv, type EnvSources } from './container-env.ts';
import { containerResources } from './container-resources.ts';
import { containerSecurity } from './container-security.ts';
import { containerHash, GRACE_ANNOTATION, HASH_ANNOTATION, RESOURCES_ANNOTATION } from './container-spec.ts';
import { expand } from './expand.ts';
import type { NodeFacts } from './node-facts.ts';

export interface ContainerInput {
  readonly pod: k8s.Pod;
  readonly container: k8s.Container;
  readonly attempt: number;
  readonly image: ImageStatus;
  readonly env: EnvSources;
  readonly mounts: readonly Mount[];
  readonly devices: readonly Device[];
  readonly node: NodeFacts;
  /** Id of the container whose processes it sees; undefined: as the pod has it. */
  readonly target?: string | undefined;
}

/** How a container is made (kuberuntime generateContainerConfig). Throws StartError. */
export function containerConfig(input: ContainerInput): ContainerConfig {
  const { pod, container, attempt, image, node } = input;
  const { name, stdin = false, stdinOnce = false, tty = false } = container;
  const grace = pod.spec?.terminationGracePeriodSeconds;
  const env = containerEnv(pod, container, input.env);
  return {
    name,
    attempt,
    image: image.id,
    userImage: container.image ?? '',
    command: (container.command ?? []).map((word) => expand(word, env)),
    args: (container.args ?? []).map((word) => expand(word, env)),
    workingDir: container.workingDir ?? '',
    env: [...env].map(([variable, value]) => ({ name: variable, value })),
    mounts: input.mounts,
    devices: input.devices,
    labels: {
      'io.kubernetes.pod.name': pod.metadata?.name ?? '',
      'io.kubernetes.pod.namespace': pod.metadata?.namespace ?? '',
      'io.kubernetes.pod.uid': pod.metadata?.uid ?? '',
      'io.kubernetes.container.name': name,
    },
    annotations: {
      [HASH_ANNOTATION]: containerHash(container),
      [RESOURCES_ANNOTATION]: JSON.stringify(amountsOf(container.resources)),
      'io.kubernetes.container.restartCount': String(attempt),
      ...(grace === undefined ? {} : { [GRACE_ANNOTATION]: String(grace) }),
      'io.kubernetes.container.terminationMessagePath': container.terminationMessagePath ?? '',
      'io.kubernetes.container.terminationMessagePolicy': container.terminationMessagePolicy ?? '',
    },
    logPath: `${name}/${attempt}.log`,
    stdin,
    stdinOnce,
    tty,
    resources: {
      ...containerResources(pod, container, node.memoryBytes),
      ...(node.cgroupVersion === 2 && { oomGroup: true }),
    },
    security: {
      ...containerSecurity(pod, container, image, node),
      ...(input.target !== undefined && { pidTarget: input.target }),
    },
    ...(container.lifecycle?.stopSignal !== undefined && { stopSignal: container.lifecycle.stopSignal }),
  };
}
