import { errors, type KubeObject } from '@sampan/api';
import type { Clock } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import { generateName } from '../registry/metadata.ts';
import type { AdmissionPlugin, AdmissionRequest } from './contract.ts';
import { forbid, on } from './forbidden.ts';
import { secretReferenceProblem } from './mountable-secrets.ts';

const DEFAULT = 'default';
const VOLUME_PREFIX = 'kube-api-access-';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const MIRROR = 'kubernetes.io/config.mirror';
const ENFORCE = 'kubernetes.io/enforce-mountable-secrets';
/** Refreshed by the kubelet long before; the odd seconds mark it as the server's own, see `token-request.ts`. */
const TOKEN_SECONDS = 3607;
/** A namespace's first pod may come before its default account, which a controller makes. */
const PATIENCE_MS = 1000;

interface ServiceAccount extends KubeObject {
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name?: string }[];
  secrets?: { name?: string }[];
}

/** Gives pods an account and its token (Kubernetes docs "Configure Service Accounts for Pods"; plugin/pkg/admission/serviceaccount). */
export function serviceAccount(reader: ObjectReader, clock: Clock): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: on('pods', 'CREATE'),
    async admit(request) {
      const pod = request.object;
      if (!pod?.spec || isMirror(pod)) return;
      if (!pod.spec.serviceAccountName) pod.spec.serviceAccountName = DEFAULT;
      pod.spec.serviceAccount = pod.spec.serviceAccountName;
      const account = await accountOf(request, pod.spec.serviceAccountName, reader, clock);
      if (shouldMount(account, pod)) mountToken(pod);
      const pull = account.imagePullSecrets ?? [];
      if (!pod.spec.imagePullSecrets?.length && pull.length > 0) {
        pod.spec.imagePullSecrets = pull.map(({ name }) => ({ ...(name === undefined ? {} : { name }) }));
      }
    },
    validate(request): undefined {
      const pod = request.object;
      if (!pod?.spec) return;
      if (isMirror(pod)) return checkMirror(request, pod);
      const name: string = pod.spec.serviceAccountName ?? '';
      if (name === '') {
        throw forbid(
          request,
          `no service account specified for pod ${request.namespace}/${pod.metadata.name ?? ''}`,
        );
      }
      const account = reader.get<ServiceAccount>('serviceaccounts', request.namespace, name);
      if (!account) throw noAccount(request, name);
      if (account.metadata.annotations?.[ENFORCE] !== 'true') return;
      const problem = secretReferenceProblem(pod, account);
      if (problem !== undefined) throw forbid(request, problem);
    },
  };
}

const isMirror = (pod: KubeObject): boolean => pod.metadata.annotations?.[MIRROR] !== undefined;

async function accountOf(
  request: AdmissionRequest,
  name: string,
  reader: ObjectReader,
  clock: Clock,
): Promise<ServiceAccount> {
  const found = reader.get<ServiceAccount>('serviceaccounts', request.namespace, name);
  if (found) return found;
  const later = name === DEFAULT ? await appearing(request.namespace, reader, clock) : undefined;
  if (!later) throw noAccount(request, name);
  return later;
}

/** The namespace's default account, when it comes within a moment. */
function appearing(
  namespace: string,
  reader: ObjectReader,
  clock: Clock,
): Promise<ServiceAccount | undefined> {
  return new Promise((resolve) => {
    const finish = (account: ServiceAccount | undefined) => {
      cancel();
      stop();
      resolve(account);
    };
    const cancel = clock.schedule(() => finish(undefined), PATIENCE_MS);
    const stop = reader.watch<ServiceAccount>('serviceaccounts', ({ type, object }) => {
      const { metadata } = object;
      if (type !== 'deleted' && metadata.namespace === namespace && metadata.name === DEFAULT) finish(object);
    });
  });
}

function noAccount(request: AdmissionRequest, name: string) {
  const { message } = errors.notFound({ group: '', resource: 'serviceaccount' }, name);
  return forbid(request, `error looking up service account ${request.namespace}/${name}: ${message}`);
}

/** The pod's word counts before the account's. */
function shouldMount(account: ServiceAccount, pod: KubeObject): boolean {
  return pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
}

interface Named {
  readonly name?: string;
}
interface Container {
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

function mountToken(pod: KubeObject): void {
  const volumes: Named[] = pod.spec.volumes ?? [];
  const present = volumes.find(({ name }) => name?.startsWith(VOLUME_PREFIX));
  const name = present?.name ?? generateName(VOLUME_PREFIX);
  let needed = false;
  for (const list of ['initContainers', 'containers']) {
    for (const container of (pod.spec[list] ?? []) as Container[]) {
      const mounts = container.volumeMounts ?? [];
      if (mounts.some(({ mountPath }) => mountPath === MOUNT_PATH)) continue;
      container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: MOUNT_PATH }];
      needed = true;
    }
  }
  if (needed && !present) pod.spec.volumes = [...volumes, tokenVolume(name)];
}

/** Token, CA and namespace in one folder (KEP-1205 bound tokens). */
function tokenVolume(name: string) {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}

/** A mirror pod shows what a node runs on its own: it gets nothing from the cluster. */
function checkMirror(request: AdmissionRequest, pod: KubeObject): undefined {
  if (pod.spec.serviceAccountName) throw forbid(request, 'a mirror pod may not reference service accounts');
  if (secretReferenceProblem(pod, undefined) !== undefined) {
    throw forbid(request, 'a mirror pod may not reference secrets');
  }
  const volumes: { projected?: { sources?: { serviceAccountToken?: unknown }[] } }[] = pod.spec.volumes ?? [];
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken)) {
    throw forbid(request, 'a mirror pod may not use ServiceAccountToken volume projections');
  }
}
