import {
  errors,
  type FieldError,
  type KubeObject,
  nameIsDNSSubdomain,
  type ValidateContext,
  validateObjectMeta,
  validateObjectMetaUpdate,
  validateStandardFinalizers,
} from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { ServedResource } from './served-resource.ts';
import type { SubresourceRules } from './update.ts';

/** All errors of a new object, metadata first (apiserver pkg/registry/rest BeforeCreate). */
export function validateNew(
  resource: ServedResource,
  object: KubeObject,
  context: ValidateContext,
): FieldError[] {
  const { rules, namespaced } = resource.definition;
  return [
    ...validateObjectMeta(object.metadata, namespaced, rules.validateName ?? nameIsDNSSubdomain),
    ...(knowsFinalizers(resource) ? validateStandardFinalizers(object.metadata.finalizers) : []),
    ...(rules.validate?.(object, context) ?? []),
  ];
}

/** All errors of a changed object (BeforeUpdate): the kind's, or its subresource's. */
export function validateChanged(
  resource: ServedResource,
  subresource: string,
  object: KubeObject,
  old: KubeObject,
  context: ValidateContext,
  override: SubresourceRules | undefined,
): FieldError[] {
  const { rules } = resource.definition;
  const ofMetadata = validateObjectMetaUpdate(object.metadata, old.metadata, 'metadata');
  return [
    ...ofMetadata,
    // upstream asks for all kinds, and each kind asks again: causes are there twice, the message has them once
    ...ofMetadata,
    // what has not changed was valid when it was stored
    ...(knowsFinalizers(resource) && !deepEqual(object.metadata.finalizers, old.metadata.finalizers)
      ? validateStandardFinalizers(object.metadata.finalizers)
      : []),
    ...own(),
  ];

  function own(): FieldError[] {
    if (override) return override.validateUpdate?.(object, old, context) ?? [];
    if (subresource === 'status') return rules.status?.validateUpdate?.(object, old, context) ?? [];
    if (rules.validateUpdate) return rules.validateUpdate(object, old, context);
    return rules.validate?.(object, context) ?? [];
  }
}

/** The kinds of Kubernetes itself, not those of its extensions, know the finalizers without a domain. */
function knowsFinalizers(resource: ServedResource): boolean {
  return !resource.custom && resource.gr.group !== 'apiextensions.k8s.io';
}

export function throwIfInvalid(
  resource: ServedResource,
  object: KubeObject,
  problems: readonly FieldError[],
): void {
  if (problems.length === 0) return;
  // a custom object whose kind was patched is named by what it claims to be
  const gk = resource.custom ? { group: resource.gk.group, kind: object.kind } : resource.gk;
  throw errors.invalid(gk, object.metadata.name ?? '', problems);
}
