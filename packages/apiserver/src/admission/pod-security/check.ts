import type { Level } from './levels.ts';
import { type Container, containersOf, type PodLike, type SecurityContext } from './pod.ts';

export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

/** One rule of the Pod Security Standards. */
export interface Check {
  readonly id: string;
  readonly level: Exclude<Level, 'privileged'>;
  /** By the minor version since which it is so, oldest first; the newest that is not newer than the policy counts. */
  readonly versions: readonly { readonly since: number; run(pod: PodLike): Violation | undefined }[];
  /** Checks of a laxer level that this one covers. */
  readonly overrides?: readonly string[];
}

export const plural = (one: string, many: string, count: number): string => (count === 1 ? one : many);
export const quoted = (names: Iterable<string>): string => [...names].map((name) => `"${name}"`).join(', ');
export const sortedSet = (names: Iterable<string>): string[] => [...new Set(names)].sort();

/** `container "a"`, `containers "a", "b"`. */
export const named = (names: readonly string[]): string =>
  `${plural('container', 'containers', names.length)} ${quoted(names)}`;

/** The names of the containers that are so. */
export const containersThat = (pod: PodLike, test: (container: Container) => boolean): string[] =>
  containersOf(pod)
    .filter(test)
    .map(({ name }) => name);

/** Who sets something that is bad, as in `pod and container "a"`; '' when nobody does. */
export function settersOf(pod: PodLike, isBad: (context: SecurityContext) => boolean): string {
  const containers = containersThat(
    pod,
    ({ securityContext }) => securityContext !== undefined && isBad(securityContext),
  );
  const setters = pod.spec.securityContext && isBad(pod.spec.securityContext) ? ['pod'] : [];
  if (containers.length > 0) setters.push(named(containers));
  return setters.join(' and ');
}
