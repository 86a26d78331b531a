import { cidrErrors, each, labelSelectorErrors, list, type Part, portName, portNum } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { warningsForCIDR } from '../validation/ip.ts';
import { cidrNumber, inRange } from './ip-number.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

function portErrors(port: Part, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (port.protocol !== undefined && !PROTOCOLS.includes(port.protocol)) {
    errors.push(notSupported(`${field}.protocol`, port.protocol, PROTOCOLS));
  }
  const end: number | undefined = port.endPort;
  const endField = `${field}.endPort`;
  if (typeof port.port === 'number') {
    errors.push(...each(`${field}.port`, port.port, portNum(port.port)));
    if (end === undefined) return errors;
    if (end < port.port) errors.push(invalid(endField, end, 'must be greater than or equal to `port`'));
    errors.push(...each(endField, end, portNum(end)));
  } else if (port.port !== undefined) {
    if (end !== undefined)
      errors.push(invalid(endField, end, 'may not be specified when `port` is non-numeric'));
    errors.push(...each(`${field}.port`, port.port, portName(port.port)));
  } else if (end !== undefined) {
    errors.push(invalid(endField, end, 'may not be specified when `port` is not specified'));
  }
  return errors;
}

function blockErrors(block: Part, field: string, known: readonly string[]): FieldError[] {
  if (!block.cidr) return [required(`${field}.cidr`)];
  const errors = cidrErrors(block.cidr, `${field}.cidr`, known);
  const range = cidrNumber(block.cidr);
  if (!range) return errors;
  list(block.except).forEach((text, i) => {
    const path = `${field}.except[${i}]`;
    errors.push(...cidrErrors(text, path, known));
    const except = cidrNumber(text);
    if (except && (!inRange(except, range) || range.prefix >= except.prefix)) {
      errors.push(invalid(path, text, 'must be a strict subset of `cidr`'));
    }
  });
  return errors;
}

function peerErrors(peer: Part, field: string, known: readonly string[]): FieldError[] {
  const errors = ['podSelector', 'namespaceSelector'].flatMap((key) =>
    labelSelectorErrors(peer[key], `${field}.${key}`),
  );
  if (peer.ipBlock !== undefined) errors.push(...blockErrors(peer.ipBlock, `${field}.ipBlock`, known));
  const count = ['podSelector', 'namespaceSelector', 'ipBlock'].filter(
    (key) => peer[key] !== undefined,
  ).length;
  if (count === 0) errors.push(required(field, 'must specify a peer'));
  else if (count > 1 && peer.ipBlock !== undefined) {
    errors.push(forbidden(field, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function ruleErrors(rule: Part, peers: 'from' | 'to', field: string, known: readonly string[]): FieldError[] {
  return [
    ...list(rule.ports).flatMap((port, i) => portErrors(port, `${field}.ports[${i}]`)),
    ...list(rule[peers]).flatMap((peer, i) => peerErrors(peer, `${field}.${peers}[${i}]`, known)),
  ];
}

function specErrors(policy: KubeObject, known: readonly string[]): FieldError[] {
  const spec = policy.spec ?? {};
  const errors = [
    ...labelSelectorErrors(spec.podSelector, 'spec.podSelector'),
    ...list(spec.ingress).flatMap((rule, i) => ruleErrors(rule, 'from', `spec.ingress[${i}]`, known)),
    ...list(spec.egress).flatMap((rule, i) => ruleErrors(rule, 'to', `spec.egress[${i}]`, known)),
  ];
  const types = list(spec.policyTypes);
  if (types.length > POLICY_TYPES.length) {
    return [...errors, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  }
  types.forEach((type, i) => {
    if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`spec.policyTypes[${i}]`, type, POLICY_TYPES));
  });
  return errors;
}

/** All ranges of a policy: an update may repeat them even when new ones would be refused. */
function rangesOf(policy: KubeObject): string[] {
  const peers = [
    ...list(policy.spec?.ingress).flatMap((rule) => list(rule.from)),
    ...list(policy.spec?.egress).flatMap((rule) => list(rule.to)),
  ];
  return peers.flatMap((peer) => (peer.ipBlock ? [peer.ipBlock.cidr, ...list(peer.ipBlock.except)] : []));
}

function blockWarnings(policy: KubeObject): string[] {
  const ofRules = (rules: 'ingress' | 'egress', peers: 'from' | 'to'): string[] =>
    list(policy.spec?.[rules]).flatMap((rule, i) =>
      list(rule[peers]).flatMap(({ ipBlock }, j) => {
        if (ipBlock === undefined) return [];
        const field = `spec.${rules}[${i}].${peers}[${j}].ipBlock`;
        return [
          ...warningsForCIDR(`${field}.cidr`, ipBlock.cidr),
          ...list(ipBlock.except).flatMap((range, k) => warningsForCIDR(`${field}.except[${k}]`, range)),
        ];
      }),
    );
  return [...ofRules('ingress', 'from'), ...ofRules('egress', 'to')];
}

export const networkPolicyRules: KindRules = {
  setDefaults(policy) {
    policy.spec ??= {};
    const { spec } = policy;
    for (const rule of [...list(spec.ingress), ...list(spec.egress)]) {
      for (const port of list(rule.ports)) port.protocol ??= 'TCP';
    }
    if (list(spec.policyTypes).length === 0) {
      spec.policyTypes = list(spec.egress).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
    }
  },
  validate: (policy) => specErrors(policy, []),
  validateUpdate: (policy, old) => specErrors(policy, rangesOf(old)),
  warnings: blockWarnings,
  generation: true,
};
