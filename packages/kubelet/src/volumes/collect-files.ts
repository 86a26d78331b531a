import type { k8s } from '@sampan/api';
import { messageOf } from '@sampan/base';
import type { VolumeContext } from './context.ts';
import {
  configMapKeys,
  downwardFiles,
  type Keys,
  keyFiles,
  type Payload,
  type PayloadFile,
  secretKeys,
} from './payload.ts';

const DEFAULT_MODE = 0o644;
/** Of tokens in pods that say who they run as: the group is added where there is one. */
const PRIVATE_MODE = 0o600;

export interface Collected {
  readonly files: Payload;
  /** When the content must be replaced at the latest, in milliseconds since the epoch. */
  readonly refreshAt?: number;
}

/** The files that a volume shows now. Throws when something is missing that must be there. */
export async function collectFiles(
  pod: k8s.Pod,
  { configMap, secret, downwardAPI, projected }: k8s.Volume,
  context: VolumeContext,
): Promise<Collected> {
  if (projected) return collectProjected(pod, projected, context);
  const mode = (configMap ?? secret ?? downwardAPI)?.defaultMode ?? DEFAULT_MODE;
  const { name: configMapName = '' } = configMap ?? {};
  const projection: k8s.VolumeProjection = {
    ...(configMap && { configMap: { ...configMap, name: configMapName } }),
    ...(secret && { secret: { ...secret, name: secret.secretName ?? '' } }),
    ...(downwardAPI && { downwardAPI }),
  };
  return collectOne(pod, projection, mode, context);
}

async function collectProjected(
  pod: k8s.Pod,
  { sources, defaultMode = DEFAULT_MODE }: k8s.ProjectedVolumeSource,
  context: VolumeContext,
): Promise<Collected> {
  const results = await Promise.allSettled(
    (sources ?? []).map((source) => collectOne(pod, source, defaultMode, context)),
  );
  const failures = results.flatMap((each) => (each.status === 'rejected' ? [messageOf(each.reason)] : []));
  if (failures.length > 0) throw new Error(failures.length > 1 ? `[${failures.join(', ')}]` : failures[0]);
  const parts = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const times = parts.flatMap(({ refreshAt }) => refreshAt ?? []);
  return {
    // of two of the same path, the later one
    files: new Map(parts.flatMap(({ files }) => [...files])),
    ...(times.length > 0 && { refreshAt: Math.min(...times) }),
  };
}

async function collectOne(
  pod: k8s.Pod,
  { configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle }: k8s.VolumeProjection,
  mode: number,
  context: VolumeContext,
): Promise<Collected> {
  const { sources, node } = context;
  const { namespace = '' } = pod.metadata ?? {};
  if (configMap) {
    const { name = '' } = configMap;
    const found = await sources.configMap(namespace, name);
    return {
      files: namedFiles('configmap', { ...configMap, name }, found && configMapKeys(found), mode),
    };
  }
  if (secret) {
    const { name = '' } = secret;
    const found = await sources.secret(namespace, name);
    return { files: namedFiles('secret', { ...secret, name }, found && secretKeys(found), mode) };
  }
  if (downwardAPI) return { files: downwardFiles(downwardAPI.items ?? [], pod, node.allocatable, mode) };
  if (serviceAccountToken) return tokenFile(pod, serviceAccountToken, mode, context);
  const what = clusterTrustBundle ? 'ClusterTrustBundle' : 'this kind of';
  throw new Error(`${what} projection is not supported on this node`);
}

function namedFiles(
  kind: 'configmap' | 'secret',
  selection: { name: string; items?: k8s.KeyToPath[] | null; optional?: boolean },
  found: Keys | undefined,
  mode: number,
): Map<string, PayloadFile> {
  const { name, items, optional = false } = selection;
  if (!found && !optional) throw new Error(`${kind} "${name}" not found`);
  return keyFiles(kind, found ?? new Map(), { items: items ?? [], optional }, mode);
}

async function tokenFile(
  pod: k8s.Pod,
  projection: k8s.ServiceAccountTokenProjection,
  mode: number,
  { tokens }: VolumeContext,
): Promise<Collected> {
  const { token, refreshAt } = await tokens.token(pod, projection);
  const uid = commonUser(pod.spec ?? {});
  const isPrivate = uid !== undefined || pod.spec?.securityContext?.fsGroup !== undefined;
  const file = {
    data: Buffer.from(token),
    mode: isPrivate ? PRIVATE_MODE : mode,
    ...(uid !== undefined && { uid }),
  };
  return { files: new Map([[projection.path, file]]), refreshAt };
}

/** Whom all containers run as, when they all say the same (upstream volume/util FsUserFrom). */
function commonUser({ initContainers = [], containers, securityContext }: k8s.PodSpec): number | undefined {
  const users = new Set(
    [...initContainers, ...(containers ?? [])].map(
      (each) => each.securityContext?.runAsUser ?? securityContext?.runAsUser,
    ),
  );
  return users.size === 1 ? [...users][0] : undefined;
}
