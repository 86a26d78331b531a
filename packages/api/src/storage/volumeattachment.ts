import { deepEqual } from '@sampan/base';
import { persistentVolumeSpecErrors } from '../core/persistentvolume.ts';
import { csiDriverNameErrors } from '../core/persistentvolume-sources.ts';
import { each, nameIsDnsSubdomain, type Part } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, invalid, required, tooLong } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { byteLength } from '../validation/messages.ts';

const MAX_METADATA = 256 * 1024;
const MAX_MESSAGE = 1024;
const ONE_OF = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

function sourceErrors(source: Part): FieldError[] {
  const field = 'spec.source';
  const { inlineVolumeSpec, persistentVolumeName } = source ?? {};
  if (inlineVolumeSpec === undefined && persistentVolumeName === undefined) return [required(field, ONE_OF)];
  if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined) return [forbidden(field, ONE_OF)];
  if (inlineVolumeSpec !== undefined) {
    return persistentVolumeSpecErrors(inlineVolumeSpec, '', true, `${field}.inlineVolumeSpec`);
  }
  return persistentVolumeName === ''
    ? [required(`${field}.persistentVolumeName`, 'must specify non empty persistentVolumeName')]
    : [];
}

function statusErrors(status: Part): FieldError[] {
  const errors: FieldError[] = [];
  const metadata = Object.entries((status?.attachmentMetadata ?? {}) as Record<string, string>);
  if (metadata.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0) > MAX_METADATA) {
    errors.push(tooLong('status.attachmentMetadata', MAX_METADATA));
  }
  for (const key of ['attachError', 'detachError']) {
    // Upstream names the metadata's limit here.
    if (byteLength(status?.[key]?.message ?? '') > MAX_MESSAGE) {
      errors.push(tooLong(`status.${key}.message`, MAX_METADATA));
    }
  }
  return errors;
}

function commonErrors(attachment: KubeObject): FieldError[] {
  const spec = attachment.spec ?? {};
  return [
    ...(spec.attacher ? [] : [required('spec.attacher')]),
    ...sourceErrors(spec.source),
    ...each('spec.nodeName', spec.nodeName ?? '', nameIsDnsSubdomain(spec.nodeName ?? '', false)),
    ...statusErrors(attachment.status),
  ];
}

/** What v1 asks for on top (ValidateVolumeAttachmentV1). */
function v1Errors(attachment: KubeObject): FieldError[] {
  const name: string | undefined = attachment.spec?.source?.persistentVolumeName;
  const errors = csiDriverNameErrors(attachment.spec?.attacher ?? '', 'spec.attacher');
  return name === undefined
    ? errors
    : [...errors, ...each('spec.source.persistentVolumeName', name, nameIsDnsSubdomain(name, false))];
}

function validateUpdate(attachment: KubeObject, old: KubeObject): FieldError[] {
  const changed = !deepEqual(attachment.spec, old.spec);
  return [
    ...commonErrors(attachment),
    ...(changed ? [invalid('spec', attachment.spec, 'field is immutable')] : []),
  ];
}

/** A status write changes no labels and the like (metav1.ResetObjectMetaForStatus); system fields stay anyway. */
function resetMetadata(object: KubeObject, old: KubeObject): void {
  for (const key of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const) {
    delete object.metadata[key];
    if (old.metadata[key] !== undefined) Object.assign(object.metadata, { [key]: old.metadata[key] });
  }
}

export const volumeAttachmentRules: KindRules = {
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  prepareForUpdate(attachment, old) {
    attachment.status = old.status;
  },
  validate: (attachment) => [...commonErrors(attachment), ...v1Errors(attachment)],
  validateUpdate,
  status: {
    prepareForUpdate(attachment, old) {
      attachment.spec = old.spec;
      resetMetadata(attachment, old);
    },
    validateUpdate,
  },
  unconditionalUpdate: false,
  generation: false,
};
