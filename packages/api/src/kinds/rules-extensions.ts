import { customResourceDefinitionRules } from '../apiextensions/crd-rules.ts';
import type { KindRules } from './resource.ts';

/** Rules of apiextensions.k8s.io, by `GROUP/Kind`. */
export const extensionRules: Readonly<Record<string, KindRules>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': customResourceDefinitionRules,
};
