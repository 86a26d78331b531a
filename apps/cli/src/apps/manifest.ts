import type { k8s } from '@sampan/api';
import { usage } from '../parse.ts';

export interface RunPlan {
  readonly image: string;
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly ports: readonly number[];
  readonly env: readonly k8s.EnvVar[];
  /** Instead of the arguments that the image gives its program. Empty: those. */
  readonly command: readonly string[];
}

/** Marks what the command line made, so that it removes no more than that. */
export const MANAGED_BY = { 'app.kubernetes.io/managed-by': 'sampan' } as const;

/** A Deployment and, when it has ports, the Service that makes them reachable on this machine. Pure. */
export function runManifest(plan: RunPlan): [k8s.Deployment] | [k8s.Deployment, k8s.Service] {
  const { image, name, namespace, replicas, ports, env, command } = plan;
  const selector = { app: name };
  const metadata = { name, namespace, labels: { ...selector, ...MANAGED_BY } };
  const container: k8s.Container = {
    name,
    image,
    // also for "latest": images that were loaded from files are in no registry
    imagePullPolicy: 'IfNotPresent',
    ...(command.length > 0 ? { args: [...command] } : {}),
    ...(env.length > 0 ? { env: [...env] } : {}),
    ...(ports.length > 0 ? { ports: ports.map((containerPort) => ({ containerPort })) } : {}),
  };
  const deployment: k8s.Deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas,
      selector: { matchLabels: selector },
      template: { metadata: { labels: selector }, spec: { containers: [container] } },
    },
  };
  if (ports.length === 0) return [deployment];
  const service: k8s.Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: {
      // open on a port of the machine, loopback included
      type: 'NodePort',
      selector,
      ports: ports.map((port) => ({ name: `port-${port}`, port, targetPort: port })),
    },
  };
  return [deployment, service];
}

const LONGEST_NAME = 63;

/** A name for what runs an image: its last part without tag, as an RFC 1035 label. Throws `usage` when none is left. */
export function nameFrom(image: string): string {
  const last = image.replace(/@.*$/, '').split('/').at(-1) ?? '';
  const name = last
    .replace(/:.*$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, LONGEST_NAME);
  if (name) return name;
  throw usage(`No name can be made of the image ${JSON.stringify(image)}.`, 'Give one: --name NAME');
}

/** `NAME=VALUE`; a name alone takes the value from this environment, as docker run has it. Throws `usage`. */
export function envFrom(words: readonly string[], environment: NodeJS.ProcessEnv): k8s.EnvVar[] {
  return words.map((word) => {
    const at = word.indexOf('=');
    const name = at < 0 ? word : word.slice(0, at);
    const value = at < 0 ? environment[name] : word.slice(at + 1);
    if (name !== '' && value !== undefined) return { name, value };
    throw usage(`${JSON.stringify(word)} is no variable.`, 'For example: --env COLOR=blue');
  });
}
