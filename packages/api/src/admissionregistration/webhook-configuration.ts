import type { KindRules } from '../kinds/resource.ts';
import { type StorageConversion, sameFields } from '../kinds/storage.ts';
import type { KubeObject } from '../meta/object.ts';
import type { AdmissionWebhook, WebhookConfiguration } from './types.ts';
import { webhooksErrors } from './webhook-validation.ts';

const GROUP = 'admissionregistration.k8s.io';

/** Of one version. Source: pkg/apis/admissionregistration/{v1,v1beta1}/defaults.go. */
const DEFAULTS = {
  v1: { failurePolicy: 'Fail', matchPolicy: 'Equivalent', timeoutSeconds: 10 },
  v1beta1: { failurePolicy: 'Ignore', matchPolicy: 'Exact', timeoutSeconds: 30, sideEffects: 'Unknown' },
};

const webhooksOf = (object: KubeObject): readonly AdmissionWebhook[] =>
  (object as WebhookConfiguration).webhooks ?? [];

function rulesOf(version: keyof typeof DEFAULTS, mutating: boolean): KindRules {
  const strict = version === 'v1';
  return {
    generation: true,
    unconditionalUpdate: false,
    setDefaults(object) {
      for (const webhook of object.webhooks ?? []) {
        for (const [field, value] of Object.entries(DEFAULTS[version])) webhook[field] ??= value;
        webhook.namespaceSelector ??= {};
        webhook.objectSelector ??= {};
        if (mutating) webhook.reinvocationPolicy ??= 'Never';
        if (!strict && !webhook.admissionReviewVersions?.length)
          webhook.admissionReviewVersions = ['v1beta1'];
        for (const rule of webhook.rules ?? []) rule.scope ??= '*';
        if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
      }
    },
    validate: (object) => webhooksErrors(webhooksOf(object), [], { strict }),
    validateUpdate: (object, old) => webhooksErrors(webhooksOf(object), webhooksOf(old), { strict }),
  };
}

/** ValidatingWebhookConfiguration and MutatingWebhookConfiguration, by `GROUP/Kind` and `GROUP/version/Kind`. */
export const webhookConfigurationRules: Readonly<Record<string, KindRules>> = {
  [`${GROUP}/ValidatingWebhookConfiguration`]: rulesOf('v1', false),
  [`${GROUP}/MutatingWebhookConfiguration`]: rulesOf('v1', true),
  [`${GROUP}/v1beta1/ValidatingWebhookConfiguration`]: rulesOf('v1beta1', false),
  [`${GROUP}/v1beta1/MutatingWebhookConfiguration`]: rulesOf('v1beta1', true),
};

/** v1beta1 has the fields of v1. */
export function webhookConfigurationStorage(kind: string, resource: string): StorageConversion {
  const model = (version: string) => `io.k8s.api.admissionregistration.${version}.${kind}`;
  return sameFields(GROUP, resource, model, 'v1beta1', 'v1');
}
