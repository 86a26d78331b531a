import { deepEqual } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { FIELD_IMMUTABLE } from '../validation/messages.ts';
import { VOLUME_SOURCES, volumeSourceErrors } from './persistentvolume-sources.ts';
import { persistentVolumeWarnings } from './persistentvolume-warnings.ts';
import { roundToMilli } from './pod/defaults.ts';
import { validateNodeSelector } from './pod/node-affinity.ts';
import { basicResourceErrors, positiveQuantityErrors } from './resource-names.ts';
import {
  each,
  immutable,
  list,
  nameIsDnsSubdomain,
  oneOf,
  type Part,
  shown,
  sortedEntries,
} from './shared.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];
const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

export function accessModeErrors(modes: readonly string[], field: string): FieldError[] {
  const errors = modes
    .filter((mode) => !ACCESS_MODES.includes(mode))
    .map((mode) => notSupported(field, mode, ACCESS_MODES));
  const known = modes.filter((mode) => ACCESS_MODES.includes(mode));
  if (known.includes('ReadWriteOncePod') && known.some((mode) => mode !== 'ReadWriteOncePod')) {
    errors.push(forbidden(field, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

const INLINE = 'in the context of inline volumes';

function capacityErrors(spec: Part, field: string): FieldError[] {
  const path = `${field}.capacity`;
  const entries = sortedEntries(spec.capacity);
  const errors: FieldError[] = [];
  if (entries.length === 0) errors.push(required(path));
  if (spec.capacity?.storage === undefined || entries.length > 1) {
    errors.push(notSupported(path, spec.capacity ?? null, ['storage']));
  }
  for (const [name, value] of entries) {
    errors.push(
      ...basicResourceErrors(value, `${path}[${name}]`),
      ...positiveQuantityErrors(value, `${path}[${name}]`),
    );
  }
  return errors;
}

function affinityErrors(affinity: Part, field: string): FieldError[] {
  if (affinity.required === undefined) {
    return [required(`${field}.required`, 'must specify required node constraints')];
  }
  const errors: FieldError[] = [];
  validateNodeSelector(affinity.required, `${field}.required`, false, errors);
  return errors;
}

function isRoot(path: string): boolean {
  return (
    /^[/.]+$/.test(path) && path.split('/').every((part) => part === '' || part === '.' || part === '..')
  );
}

function classErrors(spec: Part, field: string, inline: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.storageClassName) {
    const path = `${field}.storageClassName`;
    if (inline) errors.push(forbidden(path, `may not be specified ${INLINE}`));
    else errors.push(...each(path, spec.storageClassName, nameIsDnsSubdomain(spec.storageClassName, false)));
  }
  if (spec.volumeMode !== undefined) {
    const path = `${field}.volumeMode`;
    if (!inline) errors.push(...oneOf(path, spec.volumeMode, VOLUME_MODES));
    else if (spec.volumeMode !== 'Filesystem') {
      errors.push(forbidden(path, `may not specify volumeMode other than Filesystem ${INLINE}`));
    }
  }
  const attributes: string | undefined = spec.volumeAttributesClassName;
  if (attributes !== undefined) {
    const path = `${field}.volumeAttributesClassName`;
    if (attributes === '') errors.push(required(path, 'an empty string is disallowed'));
    else errors.push(...each(path, attributes, nameIsDnsSubdomain(attributes, false)));
    if (spec.csi === undefined) {
      errors.push(required(`${field}.csi`, 'has to be specified when using volumeAttributesClassName'));
    }
  }
  return errors;
}

/** ValidatePersistentVolumeSpec; `inline` is a volume named in a VolumeAttachment instead of an object. */
export function persistentVolumeSpecErrors(
  spec: Part,
  volume: string,
  inline: boolean,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (inline) {
    if (spec.claimRef !== undefined)
      errors.push(forbidden(`${field}.claimRef`, `may not be specified ${INLINE}`));
    if (sortedEntries(spec.capacity).length > 0) {
      errors.push(forbidden(`${field}.capacity`, `may not be specified ${INLINE}`));
    }
    if (spec.csi === undefined) errors.push(required(`${field}.csi`, `has to be specified ${INLINE}`));
  }
  const modes = list(spec.accessModes);
  if (modes.length === 0) errors.push(required(`${field}.accessModes`));
  errors.push(...accessModeErrors(modes, `${field}.accessModes`));
  if (!inline) errors.push(...capacityErrors(spec, field));
  const policy: string = spec.persistentVolumeReclaimPolicy ?? '';
  const policyPath = `${field}.persistentVolumeReclaimPolicy`;
  if (policy !== '') {
    if (!inline) errors.push(...oneOf(policyPath, policy, RECLAIM_POLICIES));
    else if (policy !== 'Retain') errors.push(forbidden(policyPath, `may only be Retain ${INLINE}`));
  }
  if (spec.nodeAffinity !== undefined) {
    const path = `${field}.nodeAffinity`;
    if (inline) errors.push(forbidden(path, `may not be specified ${INLINE}`));
    else errors.push(...affinityErrors(spec.nodeAffinity, path));
  }
  errors.push(...volumeSourceErrors(spec, field, volume, spec.nodeAffinity !== undefined && !inline));
  if (spec.hostPath !== undefined && isRoot(spec.hostPath.path ?? '') && policy === 'Recycle') {
    errors.push(forbidden(policyPath, "may not be 'recycle' for a hostPath mount of '/'"));
  }
  return [...errors, ...classErrors(spec, field, inline)];
}

const validate = (volume: KubeObject): FieldError[] =>
  persistentVolumeSpecErrors(volume.spec ?? {}, volume.metadata.name ?? '', false, 'spec');

function sourceOf(spec: Part): Record<string, unknown> {
  return Object.fromEntries(VOLUME_SOURCES.map(({ field }) => [field, spec?.[field]]));
}

/** The expand secret may be added to a CSI volume later; nothing else of a source may change. */
function sourceChanged(volume: KubeObject, old: KubeObject): boolean {
  const after = sourceOf(volume.spec);
  const before = sourceOf(old.spec);
  if (
    before.csi !== undefined &&
    old.spec.csi.controllerExpandSecretRef === undefined &&
    after.csi !== undefined
  ) {
    after.csi = { ...(after.csi as object), controllerExpandSecretRef: undefined };
  }
  return !deepEqual(after, before);
}

/** Beta labels in a node affinity may become their stable names. */
const STABLE_LABELS: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

function sameAffinity(after: unknown, before: unknown): boolean {
  const stable = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value ?? null), (key: string, entry: unknown) =>
      key === 'key' && typeof entry === 'string' && Object.hasOwn(STABLE_LABELS, entry)
        ? STABLE_LABELS[entry]
        : entry,
    );
  return (
    deepEqual(after, before) || deepEqual(after, stable(before)) || deepEqual(stable(after), stable(before))
  );
}

function validateUpdate(volume: KubeObject, old: KubeObject): FieldError[] {
  const errors = validate(volume);
  const spec = volume.spec ?? {};
  if (sourceChanged(volume, old)) {
    errors.push(
      forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation'),
    );
  }
  errors.push(...immutable('volumeMode', spec.volumeMode, old.spec?.volumeMode));
  if (old.spec?.nodeAffinity !== undefined && !sameAffinity(spec.nodeAffinity, old.spec.nodeAffinity)) {
    const message = `${FIELD_IMMUTABLE}, except for updating from beta label to GA`;
    errors.push(invalid('nodeAffinity', shown(spec.nodeAffinity), message));
  }
  if (old.spec?.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    errors.push(forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

export const persistentVolumeRules: KindRules = {
  setDefaults(volume) {
    volume.status = { ...volume.status, phase: volume.status?.phase || 'Pending' };
    volume.spec ??= {};
    const { spec } = volume;
    roundToMilli(spec.capacity);
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath !== undefined) spec.hostPath.type ??= '';
    for (const source of ['iscsi', 'rbd', 'azureDisk', 'scaleIO']) setSourceDefaults(source, spec[source]);
  },
  prepareForCreate(volume, { now }) {
    volume.status = { phase: 'Pending', lastPhaseTransitionTime: timestamp(now) };
  },
  prepareForUpdate(volume, old) {
    volume.status = old.status;
  },
  validate,
  validateUpdate,
  warnings: persistentVolumeWarnings,
  status: {
    prepareForUpdate(volume, old) {
      volume.spec = old.spec;
      setTransitionTime(volume, old);
    },
    validateUpdate: (volume) => (volume.metadata.resourceVersion ? [] : [required('resourceVersion')]),
  },
  generation: false,
};

/** The time of a change of phase, unless the client says one (KEP-3762). */
function setTransitionTime(volume: KubeObject, old: KubeObject): void {
  const before = old.status ?? {};
  const after = volume.status ?? {};
  if (after.phase === before.phase) return;
  if (after.lastPhaseTransitionTime && after.lastPhaseTransitionTime !== before.lastPhaseTransitionTime)
    return;
  volume.status = { ...after, lastPhaseTransitionTime: timestamp(Date.now()) };
}

/** RFC 3339 in whole seconds. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** SetDefaults_* of the sources that have any. */
const SOURCE_DEFAULTS: Readonly<Record<string, Readonly<Record<string, string | boolean>>>> = {
  iscsi: { iscsiInterface: 'default' },
  rbd: { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' },
  azureDisk: { cachingMode: 'ReadWrite', kind: 'Shared', fsType: 'ext4', readOnly: false },
  scaleIO: { storageMode: 'ThinProvisioned', fsType: 'xfs' },
};

export function setSourceDefaults(name: string, source: Part): void {
  if (source === undefined) return;
  for (const [key, value] of Object.entries(SOURCE_DEFAULTS[name] ?? {})) {
    if (source[key] === undefined || source[key] === '') source[key] = value;
  }
}
