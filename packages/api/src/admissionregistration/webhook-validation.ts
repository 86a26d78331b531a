import { labelSelectorErrors, oneOf } from '../core/shared.ts';
import { duplicate, type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import { isDNS1035Label } from '../validation/dns.ts';
import { isFullyQualifiedName } from '../validation/formats.ts';
import { webhookClientErrors } from '../validation/webhook-client.ts';
import { matchConditionErrors } from './match-conditions.ts';
import { admissionRuleErrors } from './rule-validation.ts';
import type { AdmissionWebhook } from './types.ts';

/** In the order of preference upstream names them in. */
const REVIEW_VERSIONS = ['v1', 'v1beta1'];
const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];

export interface WebhookChecks {
  /** Of v1: side effects are named and none, names are unique. */
  readonly strict: boolean;
}

/**
 * Errors of the webhooks of a configuration; what was wrong before may stay as upstream lets it stay.
 * Source: pkg/apis/admissionregistration/validation/validation.go.
 */
export function webhooksErrors(
  webhooks: readonly AdmissionWebhook[],
  before: readonly AdmissionWebhook[],
  { strict }: WebhookChecks,
): FieldError[] {
  const names = new Set<string>();
  const sideEffects = strict && before.every(hasNoSideEffects) ? NO_SIDE_EFFECTS : SIDE_EFFECTS;
  const unique = strict && new Set(before.map(({ name }) => name)).size === before.length;
  const recognized = before.every(
    ({ admissionReviewVersions: versions }) => versions.length === 0 || versions.some(isRecognized),
  );
  return webhooks.flatMap((webhook, i) => {
    const field = `webhooks[${i}]`;
    const errors = [
      ...webhookErrors(webhook, field, sideEffects),
      ...reviewVersionErrors(
        webhook.admissionReviewVersions ?? [],
        `${field}.admissionReviewVersions`,
        recognized,
      ),
    ];
    if (unique && names.has(webhook.name)) errors.push(duplicate(`${field}.name`, webhook.name));
    if (webhook.name) names.add(webhook.name);
    return errors;
  });
}

const isRecognized = (version: string): boolean => REVIEW_VERSIONS.includes(version);
const hasNoSideEffects = ({ sideEffects }: AdmissionWebhook): boolean =>
  typeof sideEffects === 'string' && NO_SIDE_EFFECTS.includes(sideEffects);

function webhookErrors(
  webhook: AdmissionWebhook,
  field: string,
  sideEffects: readonly string[],
): FieldError[] {
  const { timeoutSeconds } = webhook;
  const errors = [
    ...isFullyQualifiedName(`${field}.name`, webhook.name ?? ''),
    ...(webhook.rules ?? []).flatMap((rule, i) => admissionRuleErrors(rule, `${field}.rules[${i}]`)),
    ...oneOf(`${field}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore']),
    ...oneOf(`${field}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact']),
    ...sideEffectErrors(webhook.sideEffects, `${field}.sideEffects`, sideEffects),
  ];
  if (timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)) {
    const text = 'the timeout value must be between 1 and 30 seconds';
    errors.push(invalid(`${field}.timeoutSeconds`, timeoutSeconds, text));
  }
  return [
    ...errors,
    ...labelSelectorErrors(webhook.namespaceSelector, `${field}.namespaceSelector`),
    ...labelSelectorErrors(webhook.objectSelector, `${field}.objectSelector`),
    ...oneOf(`${field}.reinvocationPolicy`, webhook.reinvocationPolicy, ['IfNeeded', 'Never']),
    ...webhookClientErrors(webhook.clientConfig, `${field}.clientConfig`),
    ...matchConditionErrors(webhook.matchConditions ?? [], `${field}.matchConditions`),
  ];
}

function sideEffectErrors(
  value: string | null | undefined,
  field: string,
  accepted: readonly string[],
): FieldError[] {
  // a field that is missing is shown as null
  if (value === undefined || value === null)
    return [required(field, `must specify one of ${accepted.join(', ')}`)];
  return accepted.includes(value) ? [] : [notSupported(field, value, accepted)];
}

function reviewVersionErrors(versions: readonly string[], field: string, recognized: boolean): FieldError[] {
  if (versions.length === 0) return [required(field, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const errors = versions.flatMap((version, i): FieldError[] => {
    if (versions.indexOf(version) < i) return [invalid(`${field}[${i}]`, version, 'duplicate version')];
    return isDNS1035Label(version).map((text) => invalid(`${field}[${i}]`, version, text));
  });
  if (recognized && !versions.some(isRecognized))
    errors.push(invalid(field, versions, `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}
