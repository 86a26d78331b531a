import { containerResourceNameErrors } from '../core/resource-names.ts';
import {
  dns1123Label,
  each,
  list,
  nonNegative,
  oneOf,
  type Part,
  pathSegmentName,
  quantity,
} from '../core/shared.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';

const MAX_STABILIZATION_SECONDS = 3600;
const MAX_PERIOD_SECONDS = 1800;
const SOURCE_TYPES = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue'];

function referenceErrors(reference: Part, field: string): FieldError[] {
  return ['kind', 'name'].flatMap((key) => {
    const value: string = reference?.[key] ?? '';
    return value === ''
      ? [required(`${field}.${key}`)]
      : each(`${field}.${key}`, value, pathSegmentName(value));
  });
}

function identifierErrors(metric: Part, field: string): FieldError[] {
  const name: string = metric?.name ?? '';
  return name === ''
    ? [required(`${field}.name`, 'must specify a metric name')]
    : each(`${field}.name`, name, pathSegmentName(name));
}

function targetErrors(target: Part, field: string): FieldError[] {
  const type: string = target?.type ?? '';
  const errors = type === '' ? [required(`${field}.type`, 'must specify a metric target type')] : [];
  if (!TARGET_TYPES.includes(type)) {
    errors.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'));
  }
  for (const key of ['value', 'averageValue']) {
    const value: string | undefined = target?.[key];
    if (value !== undefined && quantity(value).sign() !== 1) {
      errors.push(invalid(`${field}.${key}`, quantity(value).toString(), 'must be positive'));
    }
  }
  const utilization: number | undefined = target?.averageUtilization;
  if (utilization !== undefined && utilization < 1) {
    errors.push(invalid(`${field}.averageUtilization`, utilization, 'must be greater than 0'));
  }
  return errors;
}

const has = (target: Part, key: string): boolean => target?.[key] !== undefined;

function amountErrors(target: Part, field: string): FieldError[] {
  const errors = targetErrors(target, field);
  const utilization = has(target, 'averageUtilization');
  const value = has(target, 'averageValue');
  if (!utilization && !value) {
    const message = 'must set either a target raw value or a target utilization';
    errors.push(required(`${field}.averageUtilization`, message));
  }
  if (utilization && value) {
    const message = 'may not set both a target raw value and a target utilization';
    errors.push(forbidden(`${field}.averageValue`, message));
  }
  return errors;
}

const NO_RESOURCE = 'must specify a resource name';

/** The five sources of a metric, in upstream's order of looking at them. */
const SOURCES: Readonly<Record<string, (source: Part, field: string) => FieldError[]>> = {
  object(source, field) {
    const errors = [
      ...referenceErrors(source.describedObject, `${field}.describedObject`),
      ...identifierErrors(source.metric, `${field}.metric`),
      ...targetErrors(source.target, `${field}.target`),
    ];
    if (!has(source.target, 'value') && !has(source.target, 'averageValue')) {
      errors.push(required(`${field}.target.averageValue`, 'must set either a target value or averageValue'));
    }
    return errors;
  },
  external(source, field) {
    const errors = [
      ...identifierErrors(source.metric, `${field}.metric`),
      ...targetErrors(source.target, `${field}.target`),
    ];
    const value = has(source.target, 'value');
    const average = has(source.target, 'averageValue');
    if (!value && !average) {
      const message = 'must set either a target value for metric or a per-pod target';
      errors.push(required(`${field}.target.averageValue`, message));
    }
    if (value && average) {
      const message = 'may not set both a target value for metric and a per-pod target';
      errors.push(forbidden(`${field}.target.value`, message));
    }
    return errors;
  },
  pods(source, field) {
    const errors = [
      ...identifierErrors(source.metric, `${field}.metric`),
      ...targetErrors(source.target, `${field}.target`),
    ];
    return has(source.target, 'averageValue')
      ? errors
      : [...errors, required(`${field}.target.averageValue`, 'must specify a positive target averageValue')];
  },
  resource: (source, field) => [
    ...(source.name ? [] : [required(`${field}.name`, NO_RESOURCE)]),
    ...amountErrors(source.target, `${field}.target`),
  ],
  containerResource: (source, field) => [
    ...(source.name
      ? containerResourceNameErrors(source.name, `${field}.name`)
      : [required(`${field}.name`, NO_RESOURCE)]),
    ...(source.container
      ? each(`${field}.container`, source.container, dns1123Label(source.container))
      : [required(`${field}.container`, 'must specify a container')]),
    ...amountErrors(source.target, `${field}.target`),
  ],
};

function metricErrors(metric: Part, field: string): FieldError[] {
  const type: string = metric.type ?? '';
  const known = SOURCE_TYPES.includes(type);
  const errors = type === '' ? [required(`${field}.type`, 'must specify a metric source type')] : [];
  if (!known) errors.push(notSupported(`${field}.type`, type, SOURCE_TYPES));
  const present = Object.keys(SOURCES).filter((key) => metric[key] !== undefined);
  const first = present[0];
  if (first !== undefined) errors.push(...(SOURCES[first]?.(metric[first], `${field}.${first}`) ?? []));
  const expected = known ? `${type.charAt(0).toLowerCase()}${type.slice(1)}` : '';
  if (!known) errors.push(notSupported(`${field}.type`, type, SOURCE_TYPES));
  else if (metric[expected] === undefined) {
    errors.push(required(`${field}.${expected}`, 'must populate information for the given metric source'));
  }
  if (present.length !== 1) {
    for (const key of present.filter((other) => other !== expected)) {
      errors.push(forbidden(`${field}.${key}`, 'must populate the given metric source only'));
    }
  }
  return errors;
}

function policyErrors(policy: Part, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (policy.type !== 'Pods' && policy.type !== 'Percent') {
    errors.push(notSupported(`${field}.type`, policy.type ?? '', ['Percent', 'Pods']));
  }
  const seconds: number = policy.periodSeconds ?? 0;
  for (const [key, value] of [
    ['value', policy.value ?? 0],
    ['periodSeconds', seconds],
  ] as const) {
    if (value <= 0) errors.push(invalid(`${field}.${key}`, value, 'must be greater than zero'));
  }
  if (seconds > MAX_PERIOD_SECONDS) {
    errors.push(
      invalid(`${field}.periodSeconds`, seconds, `must be less than or equal to ${MAX_PERIOD_SECONDS}`),
    );
  }
  return errors;
}

function scalingErrors(rules: Part, field: string): FieldError[] {
  if (rules === undefined) return [];
  const errors: FieldError[] = [];
  const seconds: number | undefined = rules.stabilizationWindowSeconds;
  const path = `${field}.stabilizationWindowSeconds`;
  if (seconds !== undefined && seconds < 0) {
    errors.push(invalid(path, seconds, 'must be greater than or equal to zero'));
  }
  if (seconds !== undefined && seconds > MAX_STABILIZATION_SECONDS) {
    errors.push(invalid(path, seconds, `must be less than or equal to ${MAX_STABILIZATION_SECONDS}`));
  }
  errors.push(...oneOf(`${field}.selectPolicy`, rules.selectPolicy, ['Disabled', 'Max', 'Min']));
  const policies = list(rules.policies);
  if (policies.length === 0) errors.push(required(`${field}.policies`, 'must specify at least one Policy'));
  errors.push(...policies.flatMap((policy, i) => policyErrors(policy, `${field}.policies[${i}]`)));
  if (rules.tolerance !== undefined && quantity(rules.tolerance).sign() < 0) {
    errors.push(invalid(`${field}.tolerance`, rules.tolerance, 'must be greater than or equal to 0'));
  }
  return errors;
}

/** validateHorizontalPodAutoscalerSpec on the v2 form; fields are v2's in either version. */
export function hpaErrors(autoscaler: KubeObject, old?: KubeObject): FieldError[] {
  const spec = autoscaler.spec ?? {};
  const least = old?.spec?.minReplicas === 0 ? 0 : 1;
  const min: number | undefined = spec.minReplicas;
  const max: number = spec.maxReplicas ?? 0;
  const errors: FieldError[] = [];
  if (min !== undefined && min < least) {
    errors.push(invalid('spec.minReplicas', min, `must be greater than or equal to ${least}`));
  }
  if (max < 1) errors.push(invalid('spec.maxReplicas', max, 'must be greater than 0'));
  if (min !== undefined && max < min) {
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
  }
  errors.push(...referenceErrors(spec.scaleTargetRef, 'spec.scaleTargetRef'));
  const metrics = list(spec.metrics);
  errors.push(...metrics.flatMap((metric, i) => metricErrors(metric, `spec.metrics[${i}]`)));
  if (min === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const message = 'must specify at least one Object or External metric to support scaling to zero replicas';
    errors.push(forbidden('spec.metrics', message));
  }
  return [
    ...errors,
    ...scalingErrors(spec.behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...scalingErrors(spec.behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ];
}

export function hpaStatusErrors(autoscaler: KubeObject): FieldError[] {
  return ['currentReplicas', 'desiredReplicas'].flatMap((key) =>
    nonNegative(`status.${key}`, autoscaler.status?.[key]),
  );
}
