import type { k8s } from '@sampan/api';
import { Quantity } from '@sampan/base';
import { expand } from './expand.ts';
import { StartError } from './start-error.ts';

/** Where values of environment variables come from besides the pod itself. */
export interface EnvSources {
  /** Data as text; undefined: there is none of this name in the pod's namespace. */
  readonly configMap: (name: string) => ReadonlyMap<string, string> | undefined;
  readonly secret: (name: string) => ReadonlyMap<string, string> | undefined;
  /** Of the services that the pod sees; what the pod sets wins over them. */
  readonly services: ReadonlyMap<string, string>;
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
  /** What a container without a limit may use at most. */
  readonly nodeAllocatable: Readonly<Record<string, string>>;
}

/** The environment of a container, in order (kubelet makeEnvironmentVariables). Throws StartError. */
export function containerEnv(
  pod: k8s.Pod,
  container: k8s.Container,
  sources: EnvSources,
): Map<string, string> {
  const own = new Map<string, string>();
  for (const source of container.envFrom ?? []) addAll(own, source, sources);
  // services are below envFrom, but both may be named by values
  const known = new Map([...sources.services, ...own]);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? valueFrom(pod, container, variable.valueFrom, sources)
      : expand(variable.value ?? '', known);
    if (value === undefined) continue;
    own.set(variable.name, value);
    known.set(variable.name, value);
  }
  return new Map([...sources.services, ...own]);
}

function addAll(into: Map<string, string>, source: k8s.EnvFromSource, sources: EnvSources): void {
  const { configMapRef, secretRef, prefix = '' } = source;
  const reference = configMapRef ?? secretRef;
  if (!reference) return;
  const name = reference.name ?? '';
  const found = configMapRef ? sources.configMap(name) : sources.secret(name);
  if (!found && !reference.optional) throw missing(configMapRef ? 'configmap' : 'secret', name);
  for (const [key, value] of found ?? []) into.set(prefix + key, value);
}

function valueFrom(
  pod: k8s.Pod,
  container: k8s.Container,
  source: k8s.EnvVarSource,
  sources: EnvSources,
): string | undefined {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, sources);
  if (resourceFieldRef) return resourceValue(pod, container, resourceFieldRef, sources);
  if (configMapKeyRef) return keyValue(pod, 'ConfigMap', configMapKeyRef, sources.configMap);
  if (secretKeyRef) return keyValue(pod, 'Secret', secretKeyRef, sources.secret);
  throw new StartError('CreateContainerConfigError', 'a source of an environment variable is not supported');
}

function keyValue(
  pod: k8s.Pod,
  kind: 'ConfigMap' | 'Secret',
  { name = '', key, optional }: k8s.ConfigMapKeySelector,
  find: (name: string) => ReadonlyMap<string, string> | undefined,
): string | undefined {
  const data = find(name);
  const value = data?.get(key);
  if (value !== undefined || optional) return value;
  if (!data) throw missing(kind.toLowerCase(), name);
  const message = `couldn't find key ${key} in ${kind} ${pod.metadata?.namespace}/${name}`;
  throw new StartError('CreateContainerConfigError', message);
}

function missing(kind: string, name: string): StartError {
  return new StartError('CreateContainerConfigError', `${kind} "${name}" not found`);
}

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** A field of the pod that containers may read (docs, "Downward API"). */
export function fieldValue(
  { metadata = {}, spec = {} }: k8s.Pod,
  path: string,
  { podIPs, hostIPs }: Pick<EnvSources, 'podIPs' | 'hostIPs'>,
): string {
  const [, map, key = ''] = SUBSCRIPT.exec(path) ?? [];
  if (map === 'labels' || map === 'annotations') {
    const values = metadata[map] ?? {};
    return Object.hasOwn(values, key) ? (values[key] ?? '') : '';
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'spec.nodeName':
      return spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return spec.serviceAccountName ?? '';
    case 'status.hostIP':
      return hostIPs[0] ?? '';
    case 'status.hostIPs':
      return hostIPs.join(',');
    case 'status.podIP':
      return podIPs[0] ?? '';
    case 'status.podIPs':
      return podIPs.join(',');
    default:
      throw new StartError('CreateContainerConfigError', `unsupported fieldPath: ${path}`);
  }
}

/** A request or limit in units of the divisor, rounded up (resource.ExtractContainerResourceValue). */
export function resourceValue(
  { spec }: k8s.Pod,
  own: k8s.Container,
  { resource, containerName, divisor }: k8s.ResourceFieldSelector,
  { nodeAllocatable }: Pick<EnvSources, 'nodeAllocatable'>,
): string {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const container = containerName ? all.find(({ name }) => name === containerName) : own;
  const [list, name = ''] = resource.split(/\.(.*)/s);
  if (!container || (list !== 'limits' && list !== 'requests')) {
    throw new StartError('CreateContainerConfigError', `unsupported container resource: ${resource}`);
  }
  const given = container.resources?.[list]?.[name];
  const text = given ?? (list === 'limits' ? nodeAllocatable[name] : undefined) ?? '0';
  const amount = Quantity.parse(text).scaled(-3);
  const unit = Quantity.parse(divisor && divisor !== '0' ? divisor : '1').scaled(-3);
  return String((amount + unit - 1n) / unit);
}
