import { validatePodTemplate } from '../core/pod/template.ts';
import { podWarnings } from '../core/pod/warnings.ts';
import type * as k8s from '../generated/types.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { isDNS1123Label } from '../validation/dns.ts';
import { semanticEqual } from '../validation/immutable.ts';
import {
  compileLabelSelector,
  type LabelMatcher,
  type LabelSelector,
  NOTHING,
  validateLabelSelector,
} from '../validation/label-selector.ts';

/** What the kinds that make pods from a template share. */

export const SELECTOR_MISMATCH = '`selector` does not match template `labels`';

/** The selector of a spec: required, valid and not empty; and what it matches, undefined when it cannot be told. */
export function selectorErrors(
  selector: LabelSelector | undefined,
  what: string,
  detail: string,
): { errors: FieldError[]; matcher: LabelMatcher | undefined } {
  const field = 'spec.selector';
  if (selector === undefined || selector === null) return { errors: [required(field)], matcher: NOTHING };
  const errors = validateLabelSelector(selector, field);
  const size = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0);
  if (size === 0) errors.push(invalid(field, selector, `empty selector is invalid for ${what}`));
  try {
    return { errors, matcher: compileLabelSelector(selector) };
  } catch {
    // The exact reasons are among the errors above.
    errors.push(invalid(field, selector, detail));
    return { errors, matcher: undefined };
  }
}

/** The template's labels must be ones that the selector finds. */
export function templateLabelErrors(
  template: k8s.PodTemplateSpec | undefined,
  matcher: LabelMatcher,
  field: string,
): FieldError[] {
  const labels = template?.metadata?.labels;
  if (matcher.empty || matcher.matches(labels)) return [];
  return [invalid(`${field}.metadata.labels`, labels, SELECTOR_MISMATCH)];
}

/** Pods of these kinds run until they are deleted. */
export function alwaysRestartErrors(
  spec: k8s.PodSpec | undefined,
  kind: string,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (spec?.restartPolicy !== 'Always') {
    errors.push(notSupported(`${field}.spec.restartPolicy`, spec?.restartPolicy ?? '', ['Always']));
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbidden(`${field}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

/** ValidatePodTemplateSpecForReplicaSet: also for Deployments, whose messages name ReplicaSets. */
export function replicaTemplateErrors(
  template: k8s.PodTemplateSpec | undefined,
  old: k8s.PodTemplateSpec | undefined,
  matcher: LabelMatcher,
): FieldError[] {
  const field = 'spec.template';
  return [
    ...templateLabelErrors(template, matcher, field),
    ...validatePodTemplate(template ?? {}, field, old),
    ...alwaysRestartErrors(template?.spec, 'ReplicaSet', field),
  ];
}

/** Warnings of a template at `path`, at creation and when the spec changes. */
export function templateWarnings(
  object: KubeObject,
  old: KubeObject | undefined,
  template: k8s.PodTemplateSpec | undefined,
  path: string,
): string[] {
  if (template === undefined || template === null) return [];
  if (old !== undefined && semanticEqual(object.spec, old.spec)) return [];
  return podWarnings(template.spec ?? {}, template.metadata?.annotations, `${path}.`);
}

/** Names of pods derive from the object's name. */
export function podNameWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  if (old !== undefined) return [];
  const messages = isDNS1123Label(object.metadata.name ?? '');
  if (messages.length === 0) return [];
  return [
    `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${messages.join(' ')}]`,
  ];
}
