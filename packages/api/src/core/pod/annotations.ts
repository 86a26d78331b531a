import type * as k8s from '../../generated/types.ts';
import { type FieldError, forbidden, invalid } from '../../meta/field-error.ts';
import { goQuote } from '../../meta/go-quote.ts';
import { append } from '../../validation/append.ts';
import { checkDescendingPath } from './checks.ts';
import { hasContainer, visitContainers } from './containers.ts';
import type { Errors, PodContext } from './types.ts';

export const MIRROR_POD = 'kubernetes.io/config.mirror';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
export const APPARMOR_PREFIX = 'container.apparmor.security.beta.kubernetes.io/';
export const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP_CONTAINER_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/';
const MAX_INT32 = 2n ** 31n - 1n;

type Annotations = Readonly<Record<string, string>>;

/** ValidatePodSpecificAnnotations. */
export function validatePodAnnotations(
  annotations: Annotations | undefined,
  spec: k8s.PodSpec,
  path: string,
  context: PodContext,
  errors: Errors,
): void {
  if (annotations === undefined || annotations === null) return;
  for (const key of Object.keys(annotations)) {
    const value = annotations[key] ?? '';
    const at = `${path}[${key}]`;
    if (key === MIRROR_POD && !spec.nodeName) {
      errors.push(invalid(at, value, 'must set spec.nodeName if mirror pod annotation is set'));
    } else if (
      key === DELETION_COST &&
      context.allowed.invalidPodDeletionCost !== true &&
      !isDeletionCost(value)
    ) {
      errors.push(invalid(at, value, 'must be a 32bit integer'));
    } else if (key === SECCOMP_POD || key.startsWith(SECCOMP_CONTAINER_PREFIX)) {
      append(errors, seccompErrors(value, `${path}.${key}`));
    } else if (key.startsWith(APPARMOR_PREFIX)) {
      validateAppArmor(key.slice(APPARMOR_PREFIX.length), value, spec, at, errors);
    }
  }
}

/** A decimal int32 without plus sign or leading zeros. */
export function isDeletionCost(value: string): boolean {
  if (!/^(?:0|-?[1-9][0-9]{0,10})$/.test(value)) return false;
  const cost = BigInt(value);
  return cost >= -MAX_INT32 - 1n && cost <= MAX_INT32;
}

function seccompErrors(profile: string, field: string): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  if (!profile.startsWith('localhost/')) return [invalid(field, profile, 'must be a valid seccomp profile')];
  const errors: Errors = [];
  checkDescendingPath(errors, field, profile.slice('localhost/'.length));
  return errors;
}

function validateAppArmor(
  container: string,
  profile: string,
  spec: k8s.PodSpec,
  at: string,
  errors: Errors,
): void {
  if (!hasContainer(spec, container)) errors.push(invalid(at, container, 'container not found'));
  if (profile === '' || profile === 'runtime/default' || profile === 'unconfined') return;
  if (!profile.startsWith('localhost/')) {
    errors.push(invalid(at, profile, `invalid AppArmor profile name: ${goQuote(profile)}`));
  }
}

/** ValidatePodSpecificAnnotationUpdates, less what validatePodAnnotations says. */
export function validateAnnotationUpdates(
  annotations: Annotations | undefined,
  old: Annotations | undefined,
  path: string,
  errors: Errors,
): void {
  const watched = (key: string): string | undefined =>
    key === MIRROR_POD
      ? 'mirror pod annotation'
      : key.startsWith(APPARMOR_PREFIX)
        ? 'AppArmor annotations'
        : undefined;
  for (const [key, value] of Object.entries(old ?? {})) {
    const what = watched(key);
    if (what !== undefined && own(annotations, key) !== value) {
      errors.push(forbidden(`${path}[${key}]`, `may not remove or update ${what}`));
    }
  }
  for (const key of Object.keys(annotations ?? {})) {
    const what = watched(key);
    if (what !== undefined && own(old, key) === undefined) {
      errors.push(forbidden(`${path}[${key}]`, `may not add ${what}`));
    }
  }
}

function own(annotations: Annotations | undefined, key: string): string | undefined {
  return annotations !== undefined && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
}

interface Profile {
  type: string;
  localhostProfile?: string;
}

/** What an annotation must say for a profile given by field. */
const PLAIN_VALUES: Readonly<Record<string, readonly string[]>> = {
  Unconfined: ['unconfined'],
  RuntimeDefault: ['runtime/default'],
};

function matchErrors(
  what: string,
  annotation: string,
  profile: Profile,
  path: string,
  plain: readonly string[],
): FieldError[] {
  const typeError = forbidden(`${path}.type`, `${what} type in annotation and field must match`);
  if (profile.type !== 'Localhost')
    return plain.length === 0 || plain.includes(annotation) ? [] : [typeError];
  if (!annotation.startsWith('localhost/')) return [typeError];
  if (annotation.slice('localhost/'.length) === profile.localhostProfile) return [];
  return [forbidden(`${path}.localhostProfile`, `${what} profile in annotation and field must match`)];
}

/** The old annotations for seccomp and AppArmor may not contradict the fields (at creation). */
export function validateProfilesMatch(
  annotations: Annotations | undefined,
  spec: k8s.PodSpec,
  path: string,
  errors: Errors,
): void {
  if (annotations === undefined || annotations === null) return;
  const pod = spec.securityContext;
  const podSeccomp = own(annotations, SECCOMP_POD);
  if (podSeccomp !== undefined && pod?.seccompProfile !== undefined) {
    append(errors, seccompMatch(podSeccomp, pod.seccompProfile, `${path}.securityContext.seccompProfile`));
  }
  visitContainers(spec, path, (container, at) => {
    const seccomp = own(annotations, SECCOMP_CONTAINER_PREFIX + container.name);
    const seccompField = container.securityContext?.seccompProfile;
    if (seccomp !== undefined && seccompField !== undefined) {
      append(errors, seccompMatch(seccomp, seccompField, `${at}.securityContext.seccompProfile`));
    }
  });
  if (spec.os?.name === 'windows') return;
  visitContainers(spec, path, (container, at) => {
    const appArmor = own(annotations, APPARMOR_PREFIX + container.name);
    const field = container.securityContext?.appArmorProfile ?? pod?.appArmorProfile;
    if (appArmor !== undefined && field !== undefined) {
      const where = `${at}.securityContext.appArmorProfile`;
      append(errors, matchErrors('apparmor', appArmor, field, where, PLAIN_VALUES[field.type] ?? []));
    }
  });
}

function seccompMatch(annotation: string, profile: Profile, path: string): FieldError[] {
  const plain = PLAIN_VALUES[profile.type] ?? [];
  const accepted = profile.type === 'RuntimeDefault' ? [...plain, 'docker/default'] : plain;
  return matchErrors('seccomp', annotation, profile, path, accepted);
}
