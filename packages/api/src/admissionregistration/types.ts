import type { KubeObject } from '../meta/object.ts';
import type { LabelSelector } from '../validation/label-selector.ts';
import type { WebhookClientConfig } from '../validation/webhook-client.ts';

/** admissionregistration.k8s.io RuleWithOperations, defaulted. */
export interface AdmissionRule {
  readonly operations: readonly string[];
  readonly apiGroups: readonly string[];
  readonly apiVersions: readonly string[];
  readonly resources: readonly string[];
  readonly scope?: string;
  /** Of policies: only objects of these names. */
  readonly resourceNames?: readonly string[];
}

export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** A webhook of a ValidatingWebhookConfiguration or a MutatingWebhookConfiguration, defaulted. */
export interface AdmissionWebhook {
  readonly name: string;
  readonly clientConfig: WebhookClientConfig;
  readonly rules?: readonly AdmissionRule[];
  readonly failurePolicy?: string;
  readonly matchPolicy?: string;
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly sideEffects?: string;
  readonly timeoutSeconds?: number;
  readonly admissionReviewVersions: readonly string[];
  readonly matchConditions?: readonly MatchCondition[];
  /** Of mutating ones. */
  readonly reinvocationPolicy?: string;
}

export interface WebhookConfiguration extends KubeObject {
  readonly webhooks?: readonly AdmissionWebhook[];
}
