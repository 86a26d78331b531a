import type { KubeObject } from '@sampan/api';

interface Account extends KubeObject {
  secrets?: { name?: string }[];
  imagePullSecrets?: { name?: string }[];
}

interface Container {
  readonly name: string;
  readonly env?: { name: string; valueFrom?: { secretKeyRef?: { name?: string } } }[];
  readonly envFrom?: { secretRef?: { name?: string } }[];
}

/**
 * Why the pod may not use a Secret: those of its volumes, variables and image pulls must be listed in its account.
 * Without an account every reference is a problem. undefined: there is none.
 */
export function secretReferenceProblem(pod: KubeObject, account: Account | undefined): string | undefined {
  const allowed = new Set((account?.secrets ?? []).map(({ name }) => name));
  const pulls = new Set((account?.imagePullSecrets ?? []).map(({ name }) => name));
  const because = `is not allowed because service account ${account?.metadata.name ?? ''} does not reference that`;
  for (const volume of (pod.spec?.volumes ?? []) as { secret?: { secretName?: string } }[]) {
    const name = volume.secret?.secretName;
    if (volume.secret && !allowed.has(name))
      return `volume with secret.secretName="${name}" ${because} secret`;
  }
  for (const [list, what] of LISTS) {
    for (const container of (pod.spec?.[list] ?? []) as Container[]) {
      const problem = containerProblem(container, what, allowed, because);
      if (problem !== undefined) return problem;
    }
  }
  for (const { name } of (pod.spec?.imagePullSecrets ?? []) as { name?: string }[]) {
    if (!pulls.has(name)) return `imagePullSecrets.name="${name}" ${because} imagePullSecret`;
  }
  return undefined;
}

const LISTS = [
  ['initContainers', 'init container'],
  ['containers', 'container'],
  ['ephemeralContainers', 'ephemeral container'],
] as const;

function containerProblem(
  container: Container,
  what: string,
  allowed: ReadonlySet<string | undefined>,
  because: string,
): string | undefined {
  for (const { name, valueFrom } of container.env ?? []) {
    const secret = valueFrom?.secretKeyRef;
    if (secret && !allowed.has(secret.name)) {
      return `${what} ${container.name} with envVar ${name} referencing secret.secretName="${secret.name}" ${because} secret`;
    }
  }
  for (const { secretRef } of container.envFrom ?? []) {
    if (secretRef && !allowed.has(secretRef.name)) {
      return `${what} ${container.name} with envFrom referencing secret.secretName="${secretRef.name}" ${because} secret`;
    }
  }
  return undefined;
}
