import { createHash } from 'node:crypto';
import {
  decodeBody,
  type FieldError,
  fieldErrorMessage,
  type KubeObject,
  type k8s,
  kinds,
  nameIsDNSSubdomain,
  validateObjectMeta,
} from '@sampan/api';
import { apiReference } from './api-references.ts';

/** Annotations of pods that come from files (kubelet types/pod_update.go). */
export const CONFIG_SOURCE = 'kubernetes.io/config.source';
export const CONFIG_HASH = 'kubernetes.io/config.hash';
const CONFIG_SEEN = 'kubernetes.io/config.seen';

/** A longer manifest is not read (kubelet maxConfigLength). */
export const LONGEST_MANIFEST = 10 * 2 ** 20;

export interface ManifestPlace {
  /** Absolute. */
  readonly file: string;
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The pod of a manifest in YAML or JSON (docs, "Create static Pods"): its name ends with the node's, its uid is a hash
 * of all it says, so that a changed manifest is another pod. Throws what is wrong with it.
 */
export function readManifest(text: string, { file, node, now }: ManifestPlace): k8s.Pod {
  const definition = kinds.find(({ group, resource }) => group === '' && resource === 'pods');
  if (!definition) throw new Error('there are no pods');
  const { object } = decodeBody(text, 'application/yaml', definition, 'Strict');
  const { rules } = definition;
  rules.setDefaults?.(object);
  const pod = placed(object as k8s.Pod, file, node, now);
  const reference = apiReference(pod.spec ?? {});
  if (reference !== undefined) throw new Error(`static pods may not reference ${reference}`);
  const made = pod as KubeObject;
  const problems: FieldError[] = [
    ...validateObjectMeta(made.metadata, true, rules.validateName ?? nameIsDNSSubdomain),
    ...(rules.validate?.(made, { now }) ?? []),
  ];
  if (problems.length > 0) throw new Error(`invalid pod: ${problems.map(fieldErrorMessage).join(', ')}`);
  return pod;
}

function placed(pod: k8s.Pod, file: string, node: string, now: number): k8s.Pod {
  const { metadata = {}, spec } = pod;
  const hash = createHash('sha256')
    .update(JSON.stringify([node, file, pod]))
    .digest('hex')
    .slice(0, 32);
  const uid = metadata.uid || hash;
  const always = { operator: 'Exists', effect: 'NoExecute' };
  const others = (spec?.tolerations ?? []).filter(
    ({ key, operator, effect }) => key || operator !== always.operator || effect !== always.effect,
  );
  return {
    ...pod,
    metadata: {
      ...metadata,
      name: `${metadata.name ?? ''}-${node}`,
      namespace: metadata.namespace || 'default',
      uid,
      annotations: {
        ...metadata.annotations,
        [CONFIG_HASH]: uid,
        [CONFIG_SEEN]: new Date(now).toISOString(),
        [CONFIG_SOURCE]: 'file',
      },
    },
    spec: { ...spec, nodeName: node, tolerations: [...others, always] },
    status: { phase: 'Pending' },
  };
}
