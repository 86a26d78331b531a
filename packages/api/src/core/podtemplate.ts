import type * as k8s from '../generated/types.ts';
import type { KindRules } from '../kinds/resource.ts';
import type { KubeObject } from '../meta/object.ts';
import { semanticEqual } from '../validation/immutable.ts';
import { setPodSpecDefaults } from './pod/defaults.ts';
import { validatePodTemplate } from './pod/template.ts';
import { podWarnings } from './pod/warnings.ts';

const templateOf = (object: KubeObject): k8s.PodTemplateSpec =>
  (object.template ?? {}) as k8s.PodTemplateSpec;

export const podTemplateRules: KindRules = {
  setDefaults(object) {
    const { spec } = templateOf(object);
    if (spec) setPodSpecDefaults(spec);
  },
  validate: (object) => validatePodTemplate(templateOf(object), 'template'),
  validateUpdate: (object, old) => validatePodTemplate(templateOf(object), 'template', templateOf(old)),
  warnings(object, old) {
    if (old !== undefined && semanticEqual(object.template, old.template)) return [];
    const { spec, metadata } = templateOf(object);
    return podWarnings(spec ?? {}, metadata?.annotations, 'template.');
  },
  generation: true,
};
