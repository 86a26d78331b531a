import type { k8s } from '@sampan/api';
import { containerHash, HASH_ANNOTATION, isSidecar } from './container-spec.ts';
import type { PodContainer } from './pod-view.ts';

/** Whether a regular container that is not running is to be started (container.ShouldContainerBeRestarted). */
export function shouldStart(
  spec: k8s.PodSpec,
  container: k8s.Container,
  latest: PodContainer | undefined,
): boolean {
  if (!latest) return true;
  if (latest.state === 'running') return false;
  if (latest.state !== 'exited') return true;
  return definitionChanged(container, latest) || restartsAfter(spec, container, latest.exitCode);
}

/** Whether the restart policies allow another start after this exit code (KEP-5307 for the rules of one container). */
export function restartsAfter(spec: k8s.PodSpec, container: k8s.Container, exitCode: number): boolean {
  const rule = container.restartPolicyRules?.find((each) => matches(each, exitCode));
  if (rule) return rule.action === 'Restart';
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  return policy === 'Always' || exitCode !== 0;
}

function matches({ exitCodes }: k8s.ContainerRestartRule, exitCode: number): boolean {
  if (!exitCodes) return false;
  const listed = (exitCodes.values ?? []).includes(exitCode);
  return exitCodes.operator === 'NotIn' ? !listed : listed;
}

/** Whether an init container that failed is tried again. */
export function retriesInit(spec: k8s.PodSpec, container: k8s.Container, exitCode: number): boolean {
  return isSidecar(container) || restartsAfter(spec, container, exitCode);
}

/** A container made from another spec than today's. Of those that bear no hash, nobody knows. */
export function definitionChanged(container: k8s.Container, made: PodContainer): boolean {
  const hash = made.annotations[HASH_ANNOTATION];
  return hash !== undefined && hash !== containerHash(container);
}
