import { policyRules } from '../admissionregistration/policy.ts';
import { webhookConfigurationRules } from '../admissionregistration/webhook-configuration.ts';
import { customResourceDefinitionRules } from '../apiextensions/crd-rules.ts';
import { apiServiceRules } from '../apiregistration/apiservice.ts';
import type { KindRules } from './resource.ts';

/** Rules of the kinds that extend the API, by `GROUP/Kind`. */
export const extensionRules: Readonly<Record<string, KindRules>> = {
  ...policyRules,
  ...webhookConfigurationRules,
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinitionRules,
  'apiregistration.k8s.io/APIService': apiServiceRules,
};
