import { deepEqual } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { parseCidr } from '../validation/ip.ts';
import { roundToMilli } from './pod/defaults.ts';
import { resourceQuantityErrors } from './resource-names.ts';
import {
  cidrErrors,
  configMapKey,
  each,
  labelNameErrors,
  labelValue,
  list,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
  type Part,
  sortedEntries,
} from './shared.ts';

const TAINT_EFFECTS = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];

/** validateNodeTaints; the path lies under `metadata`, as upstream has it. */
function taintErrors(taints: readonly Part[]): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const field = `metadata.taints[${index}]`;
    const errors = labelNameErrors(taint.key ?? '', `${field}.key`);
    const value = labelValue(taint.value ?? '');
    if (value.length > 0) errors.push(invalid(`${field}.value`, taint.value, value.join(';')));
    if (!taint.effect) errors.push(required(`${field}.effect`));
    else if (!TAINT_EFFECTS.includes(taint.effect)) {
      errors.push(
        notSupported(`${field}.effect`, taint.effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
      );
    }
    const id = JSON.stringify([taint.effect, taint.key]);
    if (seen.has(id)) {
      const shown = {
        Key: taint.key,
        Value: taint.value ?? '',
        Effect: taint.effect,
        TimeAdded: taint.timeAdded ?? null,
      };
      errors.push({ ...duplicate(field, shown), detail: 'taints must be unique by key and effect pair' });
    }
    seen.add(id);
    return errors;
  });
}

function resourceErrors(node: KubeObject): FieldError[] {
  return ['capacity', 'allocatable'].flatMap((map) =>
    sortedEntries(node.status?.[map]).flatMap(([name, value]) =>
      resourceQuantityErrors(name, value, `status.${map}.${name}`),
    ),
  );
}

function podCidrErrors(cidrs: readonly string[]): FieldError[] {
  const field = 'spec.podCIDRs';
  const errors = cidrs.flatMap((cidr, index) => cidrErrors(cidr, `${field}[${index}]`));
  if (cidrs.length < 2) return errors;
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.network.family));
  if (families.size !== 2 || families.has(undefined) || cidrs.length > 2) {
    errors.push(invalid(field, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  cidrs.forEach((cidr, index) => {
    if (cidrs.indexOf(cidr) < index) errors.push(duplicate(`${field}[${index}]`, cidr));
  });
  return errors;
}

function validateNode(node: KubeObject): FieldError[] {
  return [
    ...taintErrors(list(node.spec?.taints)),
    ...resourceErrors(node),
    ...podCidrErrors(list(node.spec?.podCIDRs)),
  ];
}

function configMapSourceErrors(source: Part, inStatus: boolean, field: string): FieldError[] {
  const path = `${field}.configMap`;
  const named = (key: string, check: (name: string) => string[]): FieldError[] =>
    source[key]
      ? each(`${path}.${key}`, source[key], check(source[key]))
      : [required(`${path}.${key}`, `${key} must be set`)];
  const identity = ['uid', 'resourceVersion'].flatMap((key) => {
    if (inStatus) return source[key] ? [] : [required(`${path}.${key}`, `${key} must be set in status`)];
    return source[key] ? [forbidden(`${path}.${key}`, `${key} must not be set in spec`)] : [];
  });
  return [
    ...identity,
    ...named('namespace', (name) => nameIsDnsLabel(name, false)),
    ...named('name', (name) => nameIsDnsSubdomain(name, false)),
    ...named('kubeletConfigKey', configMapKey),
  ];
}

function configSourceErrors(source: Part, inStatus: boolean, field: string): FieldError[] {
  if (source === undefined) return [];
  return source.configMap === undefined
    ? [invalid(field, source, 'exactly one reference subfield must be non-nil')]
    : configMapSourceErrors(source.configMap, inStatus, field);
}

function addressErrors(node: KubeObject): FieldError[] {
  const addresses = list(node.status?.addresses);
  const seen = new Set<string>();
  return addresses.flatMap((address, index) => {
    const id = JSON.stringify([address.type, address.address]);
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [duplicate(`status.addresses[${index}]`, { Type: address.type, Address: address.address })];
  });
}

/** What the last check of an update says; all other fields of `spec` that must stay have checks of their own. */
const ONLY_CHANGES =
  'node updates may only change labels, taints, or capacity (or configSource, if the DynamicKubeletConfig feature gate is enabled)';
const POD_CIDR_CHANGED = 'node updates may not change podCIDR except from "" to valid';

function validateNodeUpdate(node: KubeObject, old: KubeObject): FieldError[] {
  const errors = [...resourceErrors(node), ...addressErrors(node)];
  const cidrs: string[] = list(node.spec?.podCIDRs);
  const oldCidrs: string[] = list(old.spec?.podCIDRs);
  const moved = oldCidrs.length > 0 && !deepEqual(cidrs, oldCidrs);
  if (moved) errors.push(forbidden('spec.podCIDRs', POD_CIDR_CHANGED));
  const providerId = old.spec?.providerID;
  if (providerId && providerId !== node.spec?.providerID) {
    errors.push(
      forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'),
    );
  }
  errors.push(...configSourceErrors(node.spec?.configSource, false, 'spec.configSource'));
  for (const key of ['assigned', 'active', 'lastKnownGood']) {
    errors.push(...configSourceErrors(node.status?.config?.[key], true, `status.config.${key}`));
  }
  errors.push(...taintErrors(list(node.spec?.taints)));
  if ((node.spec?.externalID ?? '') !== (old.spec?.externalID ?? '')) {
    errors.push(forbidden('spec.externalID', 'may not be updated'));
  }
  // upstream writes a path without a name so
  if (moved) errors.push(forbidden('[]', ONLY_CHANGES));
  return errors;
}

/** podCIDR and podCIDRs[0] are one value in two fields (conversion of NodeSpec). */
function alignPodCidrs(node: KubeObject): void {
  const spec = node.spec;
  if (spec === undefined) return;
  if (spec.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR];
  if (spec.podCIDRs?.length > 0) spec.podCIDR = spec.podCIDRs[0];
}

/** Dynamic kubelet configuration is gone; only objects that have it keep it. */
function dropConfigSource(node: KubeObject): void {
  delete node.spec?.configSource;
  delete node.status?.config;
}

export const nodeRules: KindRules = {
  setDefaults(node) {
    node.spec ??= {};
    alignPodCidrs(node);
    roundToMilli(node.status?.capacity);
    roundToMilli(node.status?.allocatable);
    if (node.status?.capacity !== undefined && node.status.allocatable === undefined) {
      node.status.allocatable = { ...node.status.capacity };
    }
  },
  // A node may bring its status along: that is how kubelets register.
  prepareForCreate: dropConfigSource,
  prepareForUpdate(node, old) {
    node.status = old.status;
    if (old.spec?.configSource === undefined) delete node.spec?.configSource;
  },
  validate: validateNode,
  validateUpdate: (node, old) => [...validateNode(node), ...validateNodeUpdate(node, old)],
  warnings: (node) => [
    ...(node.spec?.configSource === undefined
      ? []
      : ['spec.configSource: the feature is no longer supported']),
    ...(node.spec?.externalID
      ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes']
      : []),
  ],
  status: {
    prepareForUpdate(node, old) {
      node.spec = old.spec;
    },
    validateUpdate: validateNodeUpdate,
  },
  generation: false,
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
};
