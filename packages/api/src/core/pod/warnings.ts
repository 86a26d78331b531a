import type * as k8s from '../../generated/types.ts';
import { goQuote } from '../../meta/go-quote.ts';
import { append } from '../../validation/append.ts';
import { warningsForIP } from '../../validation/ip.ts';
import { quantity } from '../shared.ts';
import { APPARMOR_PREFIX, SECCOMP_CONTAINER_PREFIX, SECCOMP_POD } from './annotations.ts';
import { visitContainers } from './containers.ts';
import { overlapWarnings } from './overlap-warnings.ts';
import { portWarnings } from './port-warnings.ts';
import { appArmorFromAnnotation } from './prepare.ts';

/** Warnings for what works, but surely not as meant (pkg/api/pod/warnings.go). */

const DEPRECATED_NODE_LABELS = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  [
    'failure-domain.beta.kubernetes.io/region',
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  ],
  [
    'failure-domain.beta.kubernetes.io/zone',
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ],
  [
    'beta.kubernetes.io/instance-type',
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  ],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

const DEPRECATED_ANNOTATIONS = [
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  ['security.alpha.kubernetes.io/sysctls', 'non-functional in v1.11+; use the "sysctls" field instead'],
  [
    'security.alpha.kubernetes.io/unsafe-sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
] as const;

/** Volume sources that no longer do anything: path and since when. */
const DEPRECATED_VOLUMES = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** Is a label of nodes deprecated, and what replaces it? */
export function nodeLabelDeprecation(key: string): string | undefined {
  return DEPRECATED_NODE_LABELS.get(key);
}

type Annotations = Readonly<Record<string, string>>;

/**
 * warningsForPodSpecAndMeta. `prefix` is the path of a template with its dot (`spec.template.`), empty for a pod.
 */
export function podWarnings(
  spec: k8s.PodSpec,
  annotations: Annotations | undefined,
  prefix: string,
): string[] {
  const warnings: string[] = [];
  const path = `${prefix}spec`;
  warnNodeLabels(spec, path, warnings);
  warnSelectors(spec, path, warnings);
  warnAnnotations(spec, annotations ?? {}, prefix, warnings);
  warnVolumes(spec, path, warnings);
  warnRepeats(spec, path, warnings);
  warnFractions(spec.overhead, `${path}.overhead`, warnings);
  visitContainers(spec, path, (container, at) => {
    warnFractions(container.resources?.limits, `${at}.resources.limits`, warnings);
    warnFractions(container.resources?.requests, `${at}.resources.requests`, warnings);
    warnEnv(container.env ?? [], `${at}.env`, warnings);
  });
  append(warnings, portWarnings(spec, path));
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    warnings.push(
      `${path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
    );
  }
  spec.dnsConfig?.nameservers?.forEach((ip, i) => {
    append(warnings, warningsForIP(`${path}.dnsConfig.nameservers[${i}]`, ip));
  });
  spec.hostAliases?.forEach(({ ip }, i) => {
    append(warnings, warningsForIP(`${path}.hostAliases[${i}].ip`, ip ?? ''));
  });
  return warnings;
}

function warnNodeLabels(spec: k8s.PodSpec, path: string, warnings: string[]): void {
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const message = nodeLabelDeprecation(key);
    if (message !== undefined) warnings.push(`${path}.nodeSelector[${key}]: ${message}`);
  }
  const affinity = spec.affinity?.nodeAffinity;
  const base = `${path}.affinity.nodeAffinity`;
  const warnTerm = (term: k8s.NodeSelectorTerm | undefined, at: string): void => {
    term?.matchExpressions?.forEach(({ key }, i) => {
      const message = nodeLabelDeprecation(key);
      if (message !== undefined) warnings.push(`${at}.matchExpressions[${i}].key: ${key} is ${message}`);
    });
  };
  affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms?.forEach((term, i) => {
    warnTerm(term, `${base}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[${i}]`);
  });
  affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
    warnTerm(term.preference, `${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].preference`);
  });
  spec.topologySpreadConstraints?.forEach(({ topologyKey }, i) => {
    const message = nodeLabelDeprecation(topologyKey);
    if (message === undefined) return;
    warnings.push(`${path}.topologySpreadConstraints[${i}].topologyKey: ${topologyKey} is ${message}`);
  });
}

function warnSelectors(spec: k8s.PodSpec, path: string, warnings: string[]): void {
  const warn = (selector: k8s.LabelSelector | undefined, at: string): void => {
    if (selector === undefined)
      warnings.push(`${at}.labelSelector: a null labelSelector results in matching no pod`);
  };
  spec.topologySpreadConstraints?.forEach(({ labelSelector }, i) => {
    warn(labelSelector, `${path}.topologySpreadConstraints[${i}]`);
  });
  for (const kind of ['podAffinity', 'podAntiAffinity'] as const) {
    const affinity = spec.affinity?.[kind];
    const base = `${path}.affinity.${kind}`;
    affinity?.requiredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
      warn(term.labelSelector, `${base}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`);
    });
    affinity?.preferredDuringSchedulingIgnoredDuringExecution?.forEach((term, i) => {
      const at = `${base}.preferredDuringSchedulingIgnoredDuringExecution[${i}].podAffinityTerm`;
      warn(term.podAffinityTerm?.labelSelector, at);
    });
  }
}

function warnAnnotations(
  spec: k8s.PodSpec,
  annotations: Annotations,
  prefix: string,
  warnings: string[],
): void {
  const warn = (key: string, message: string): void => {
    warnings.push(`${prefix}metadata.annotations[${key}]: ${message}`);
  };
  for (const [key, message] of DEPRECATED_ANNOTATIONS)
    if (Object.hasOwn(annotations, key)) warn(key, message);
  const seccomp = 'non-functional in v1.27+; use the "seccompProfile" field instead';
  if (spec.securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, SECCOMP_POD)) {
    warn(SECCOMP_POD, seccomp);
  }
  visitContainers(spec, '', (container) => {
    const seccompKey = SECCOMP_CONTAINER_PREFIX + container.name;
    if (container.securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, seccompKey)) {
      warn(seccompKey, seccomp);
    }
    const appArmorKey = APPARMOR_PREFIX + container.name;
    if (
      Object.hasOwn(annotations, appArmorKey) &&
      warnsOfAppArmor(spec, container, annotations[appArmorKey] ?? '', prefix)
    ) {
      warn(appArmorKey, 'deprecated since v1.30; use the "appArmorProfile" field instead');
    }
  });
}

/** A pod's annotation has been copied to the field by now, unless it was not valid. */
function warnsOfAppArmor(
  spec: k8s.PodSpec,
  container: k8s.Container,
  value: string,
  prefix: string,
): boolean {
  const own = container.securityContext?.appArmorProfile;
  if (prefix !== '') return own === undefined && spec.securityContext?.appArmorProfile === undefined;
  const profile = appArmorFromAnnotation(value);
  return profile === undefined ? own === undefined : own?.type === profile.type;
}

function warnVolumes(spec: k8s.PodSpec, path: string, warnings: string[]): void {
  const tokens = new Set<string>();
  spec.volumes?.forEach((volume, i) => {
    const at = `${path}.volumes[${i}]`;
    for (const [field, shown, message] of DEPRECATED_VOLUMES) {
      if (volume[field] !== undefined) warnings.push(`${at}.${shown}: ${message}`);
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec?.resources;
    const base = `${at}.ephemeral.volumeClaimTemplate.spec.resources`;
    for (const kind of ['requests', 'limits'] as const) {
      warnFractions(claim?.[kind], `${base}.${kind}`, warnings, ['storage']);
    }
    for (const { serviceAccountToken: token } of volume.projected?.sources ?? []) {
      if (token !== undefined) tokens.add(token.path);
    }
  });
  if (tokens.size > 0) warnTokenPaths(spec, tokens, path, warnings);
  append(warnings, overlapWarnings(spec.volumes ?? []));
}

function warnTokenPaths(
  spec: k8s.PodSpec,
  tokens: ReadonlySet<string>,
  path: string,
  warnings: string[],
): void {
  spec.volumes?.forEach((volume, i) => {
    const at = `${path}.volumes[${i}].projected.sources`;
    const warn = (where: string, file: string | undefined): void => {
      if (file === undefined || !tokens.has(file)) return;
      warnings.push(`${at}.${where}: has duplicated path with ServiceAccountToken ${goQuote(file)}`);
    };
    for (const source of volume.projected?.sources ?? []) {
      source.configMap?.items?.forEach((item, j) => {
        warn(`configMap[${j}]`, item.path);
      });
      source.secret?.items?.forEach((item, j) => {
        warn(`secrets[${j}]`, item.path);
      });
      source.downwardAPI?.items?.forEach((item, j) => {
        warn(`downwardAPI[${j}]`, item.path);
      });
      warn('ClusterTrustBundle', source.clusterTrustBundle?.path);
    }
  });
}

function warnRepeats(spec: k8s.PodSpec, path: string, warnings: string[]): void {
  const ips = new Set<string>();
  spec.hostAliases?.forEach(({ ip }, i) => {
    if (ips.has(ip)) warnings.push(`${path}.hostAliases[${i}].ip: duplicate ip ${goQuote(ip)}`);
    ips.add(ip);
  });
  const names = new Set<string>();
  const secrets = spec.imagePullSecrets ?? [];
  secrets.forEach(({ name = '' }, i) => {
    if (names.has(name))
      warnings.push(`${path}.imagePullSecrets[${i}].name: duplicate name ${goQuote(name)}`);
    names.add(name);
  });
  secrets.forEach(({ name = '' }, i) => {
    if (name === '') warnings.push(`${path}.imagePullSecrets[${i}].name: invalid empty name ""`);
  });
}

function warnFractions(
  list: Record<string, string> | undefined,
  path: string,
  warnings: string[],
  names: readonly string[] = ['memory', 'ephemeral-storage'],
): void {
  if (list === undefined) return;
  for (const name of names) {
    if (!Object.hasOwn(list, name)) continue;
    const amount = quantity(list[name]);
    if (amount.isMultipleOf(0)) continue;
    warnings.push(`${path}[${name}]: fractional byte value "${amount}" is invalid, must be an integer`);
  }
}

function warnEnv(variables: readonly k8s.EnvVar[], path: string, warnings: string[]): void {
  if (variables.length <= 1) return;
  const seen = new Set<string>();
  variables.forEach(({ name, value = '', valueFrom }, i) => {
    if (seen.has(name)) {
      // Adding to the former value (X="$(X)more") is fine.
      const reference = `$(${name})`;
      if (valueFrom !== undefined || value === reference || !value.includes(reference)) {
        const what = `hides previous definition of ${goQuote(name)}, which may be dropped when using apply`;
        warnings.push(`${path}[${i}]: ${what}`);
      }
    }
    seen.add(name);
  });
}
