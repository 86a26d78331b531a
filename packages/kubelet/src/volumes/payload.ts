import type { k8s } from '@sampan/api';
import { goQuote } from '@sampan/api';
import { fieldValue, resourceValue } from '../pods/container-env.ts';

export interface PayloadFile {
  readonly data: Buffer;
  /** Permission bits. */
  readonly mode: number;
  /** Owner; absent: root. */
  readonly uid?: number;
}

/** Files of a volume by path, relative and without `..`. */
export type Payload = ReadonlyMap<string, PayloadFile>;

export type Keys = ReadonlyMap<string, Buffer>;

export function configMapKeys({ data = {}, binaryData = {} }: k8s.ConfigMap): Keys {
  return new Map([
    ...Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const),
    ...Object.entries(binaryData).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const),
  ]);
}

export function secretKeys({ data = {} }: k8s.Secret): Keys {
  return new Map(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64')]));
}

interface KeySelection {
  readonly items?: readonly k8s.KeyToPath[];
  readonly optional?: boolean;
}

/** A config map or secret as files: all keys, or those chosen. Throws when one is missing that must be there. */
export function keyFiles(
  kind: 'configmap' | 'secret',
  keys: Keys,
  { items = [], optional = false }: KeySelection,
  defaultMode: number,
): Map<string, PayloadFile> {
  if (items.length === 0) return new Map([...keys].map(([key, data]) => [key, { data, mode: defaultMode }]));
  const files = new Map<string, PayloadFile>();
  for (const { key, path, mode = defaultMode } of items) {
    const data = keys.get(key);
    if (data) files.set(path, { data, mode });
    else if (!optional) throw new Error(missingKey(kind, key));
  }
  return files;
}

function missingKey(kind: 'configmap' | 'secret', key: string): string {
  return kind === 'configmap'
    ? `configmap references non-existent config key: ${key}`
    : `references non-existent secret key: ${key}`;
}

/** Fields of the pod and resources of its containers as files (Kubernetes docs, "Downward API"). */
export function downwardFiles(
  items: readonly k8s.DownwardAPIVolumeFile[],
  pod: k8s.Pod,
  nodeAllocatable: Readonly<Record<string, string>>,
  defaultMode: number,
): Map<string, PayloadFile> {
  const text = ({ fieldRef, resourceFieldRef }: k8s.DownwardAPIVolumeFile): string => {
    if (fieldRef) return fieldText(pod, fieldRef.fieldPath);
    if (!resourceFieldRef) return '';
    const { containerName = '' } = resourceFieldRef;
    return resourceValue(pod, { name: containerName }, resourceFieldRef, { nodeAllocatable });
  };
  return new Map(
    items.map((item) => [item.path, { data: Buffer.from(text(item)), mode: item.mode ?? defaultMode }]),
  );
}

/** Whole maps are sorted lines of `KEY="VALUE"` (upstream pkg/fieldpath). */
function fieldText(pod: k8s.Pod, path: string): string {
  if (path !== 'metadata.labels' && path !== 'metadata.annotations')
    return fieldValue(pod, path, { podIPs: [], hostIPs: [] });
  const map = (path === 'metadata.labels' ? pod.metadata?.labels : pod.metadata?.annotations) ?? {};
  return Object.entries(map)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .join('\n');
}
