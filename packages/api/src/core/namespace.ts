import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { each, list, nameIsDnsLabel, qualifiedName } from './shared.ts';

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

function finalizerErrors(name: string, field: string): FieldError[] {
  const errors = each(field, name, qualifiedName(name));
  if (!name.includes('/') && !STANDARD_FINALIZERS.has(name)) {
    errors.push(invalid(field, name, 'name is neither a standard finalizer name nor is it fully qualified'));
  }
  return errors;
}

/** Errors of `PUT /api/v1/namespaces/NAME/finalize` (ValidateNamespaceFinalizeUpdate), metadata excluded. */
export function validateNamespaceFinalize(namespace: KubeObject): FieldError[] {
  return list(namespace.spec?.finalizers).flatMap((name, index) =>
    finalizerErrors(name, `spec.finalizers[${index}]`),
  );
}

function validateStatus(namespace: KubeObject): FieldError[] {
  const phase: string = namespace.status?.phase ?? '';
  const terminating = namespace.metadata.deletionTimestamp !== undefined;
  if (phase === (terminating ? 'Terminating' : 'Active')) return [];
  return [
    invalid(
      'status.Phase',
      phase,
      terminating
        ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
        : "may only be 'Active' if `deletionTimestamp` is empty",
    ),
  ];
}

const NAME_LABEL = 'kubernetes.io/metadata.name';

function setNameLabel(namespace: KubeObject): void {
  const { name } = namespace.metadata;
  if (!name || namespace.metadata.labels?.[NAME_LABEL] === name) return;
  namespace.metadata.labels = { ...namespace.metadata.labels, [NAME_LABEL]: name };
}

export const namespaceRules: KindRules = {
  setDefaults(namespace) {
    setNameLabel(namespace);
    namespace.status = { ...namespace.status, phase: namespace.status?.phase || 'Active' };
  },
  prepareForCreate(namespace) {
    setNameLabel(namespace);
    namespace.status = { phase: 'Active' };
    // A namespace is emptied before it goes; the finalizer makes sure of it even for generated names.
    const finalizers: string[] = list(namespace.spec?.finalizers);
    namespace.spec = {
      ...namespace.spec,
      finalizers: finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'],
    };
  },
  prepareForUpdate(namespace, old) {
    namespace.spec = { ...namespace.spec };
    if (old.spec?.finalizers === undefined) delete namespace.spec.finalizers;
    else namespace.spec.finalizers = old.spec.finalizers;
    namespace.status = old.status;
  },
  validate: (namespace) =>
    list(namespace.spec?.finalizers).flatMap((name) => finalizerErrors(name, 'spec.finalizers')),
  validateUpdate: () => [],
  validateName: nameIsDnsLabel,
  status: {
    prepareForUpdate(namespace, old) {
      namespace.spec = old.spec;
    },
    validateUpdate: validateStatus,
  },
  generation: false,
  selectableFields: { 'status.phase': (namespace) => namespace.status?.phase ?? '' },
};
