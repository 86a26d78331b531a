import { errors, type KubeObject } from '@sampan/api';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/**
 * The container that a stream is about: the one named, else the only one, else the annotated default (kubernetes
 * pkg/registry/core/pod validateContainer). Throws BadRequest.
 */
export function containerFor(pod: KubeObject, asked: string): string {
  const name = pod.metadata.name ?? '';
  const containers = names(pod, 'containers');
  const init = names(pod, 'initContainers');
  const all = [...containers, ...init, ...names(pod, 'ephemeralContainers')];
  if (asked !== '') {
    if (!all.includes(asked)) throw errors.badRequest(`container ${asked} is not valid for pod ${name}`);
    return asked;
  }
  const [only] = containers;
  if (containers.length === 1 && only !== undefined) return only;
  if (containers.length === 0) throw errors.badRequest(`a container name must be specified for pod ${name}`);
  const annotated = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  if (annotated !== undefined && all.includes(annotated)) return annotated;
  const others = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
  throw errors.badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${others}`,
  );
}

function names(pod: KubeObject, list: string): string[] {
  return (pod.spec?.[list] ?? []).map(({ name }: { name: string }) => name);
}
