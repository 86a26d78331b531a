import { type KubeObject, type k8s, StatusError } from '@sampan/api';
import { type Client, type Informer, REFS } from '@sampan/machinery';
import type { EnvSources } from '../pods/container-env.ts';
import { containerSpecs } from '../pods/container-spec.ts';

type Data = ReadonlyMap<string, string>;

/** Reads what environment variables of a pod name: ConfigMaps and Secrets afresh, services from `services`. */
export async function podEnvironment(
  client: Client,
  services: Informer<KubeObject>,
  pod: k8s.Pod,
): Promise<Pick<EnvSources, 'configMap' | 'secret' | 'services'>> {
  const { namespace = '' } = pod.metadata ?? {};
  const names = namesOf(pod);
  const [configMaps, secrets] = await Promise.all([
    readAll(
      names.configMaps,
      (name) => client.get<KubeObject>(REFS.configMaps, namespace, name),
      configMapData,
    ),
    readAll(names.secrets, (name) => client.get<KubeObject>(REFS.secrets, namespace, name), secretData),
  ]);
  return {
    configMap: (name) => configMaps.get(name),
    secret: (name) => secrets.get(name),
    services: serviceVariables(services.list(), namespace, pod.spec?.enableServiceLinks ?? true),
  };
}

function namesOf({ spec }: k8s.Pod): { configMaps: Set<string>; secrets: Set<string> } {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const { container } of containerSpecs(spec ?? {})) {
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      if (configMapRef?.name) configMaps.add(configMapRef.name);
      if (secretRef?.name) secrets.add(secretRef.name);
    }
    for (const { valueFrom } of container.env ?? []) {
      if (valueFrom?.configMapKeyRef?.name) configMaps.add(valueFrom.configMapKeyRef.name);
      if (valueFrom?.secretKeyRef?.name) secrets.add(valueFrom.secretKeyRef.name);
    }
  }
  return { configMaps, secrets };
}

/** Those that are there. */
async function readAll(
  names: ReadonlySet<string>,
  read: (name: string) => Promise<KubeObject>,
  data: (object: KubeObject) => Data,
): Promise<Map<string, Data>> {
  const found = new Map<string, Data>();
  await Promise.all(
    [...names].map(async (name) => {
      try {
        found.set(name, data(await read(name)));
      } catch (error) {
        // the Node authorizer knows of the pod a moment later than we may
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }
    }),
  );
  return found;
}

const configMapData = ({ data }: KubeObject): Data =>
  new Map(Object.entries((data ?? {}) as Record<string, string>));
const secretData = ({ data }: KubeObject): Data =>
  new Map(
    Object.entries((data ?? {}) as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString('utf8'),
    ]),
  );

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: string;
}

/**
 * What containers are told of Services (Kubernetes docs, "Discovering services: environment variables"): of those of
 * their namespace, if `links`, and always of `kubernetes`, which any of their own of that name hides. Pure.
 */
export function serviceVariables(
  services: Iterable<KubeObject>,
  namespace: string,
  links: boolean,
): ReadonlyMap<string, string> {
  const own: KubeObject[] = [];
  const masters: KubeObject[] = [];
  for (const service of services) {
    const ip = (service.spec as { clusterIP?: string } | undefined)?.clusterIP;
    if (!ip || ip === 'None') continue;
    const { namespace: place, name } = service.metadata;
    if (place === namespace && links) own.push(service);
    else if (place === 'default' && name === 'kubernetes') masters.push(service);
  }
  const variables = new Map<string, string>();
  for (const service of [...masters, ...own]) addService(variables, service);
  return variables;
}

function addService(variables: Map<string, string>, { metadata, spec }: KubeObject): void {
  const { clusterIP = '', ports = [] } = spec as { clusterIP?: string; ports?: ServicePort[] };
  const prefix = variableName(metadata.name ?? '');
  const [first] = ports;
  if (!first) return;
  const host = clusterIP.includes(':') ? `[${clusterIP}]` : clusterIP;
  variables.set(`${prefix}_SERVICE_HOST`, clusterIP);
  variables.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const { name, port } of ports)
    if (name) variables.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  ports.forEach(({ port, protocol = 'TCP' }, index) => {
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${host}:${port}`;
    const portPrefix = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    if (index === 0) variables.set(`${prefix}_PORT`, url);
    variables.set(portPrefix, url);
    variables.set(`${portPrefix}_PROTO`, scheme);
    variables.set(`${portPrefix}_PORT`, String(port));
    variables.set(`${portPrefix}_ADDR`, clusterIP);
  });
}

const variableName = (name: string): string => name.toUpperCase().replaceAll('-', '_');
