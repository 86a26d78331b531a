import { mutatingPolicies } from '../policies/mutating-policies.ts';
import { mutatingPolicyList, validatingPolicyList } from '../policies/policy-list.ts';
import { validatingPolicies } from '../policies/validating-policies.ts';
import { ResourceQuotas } from '../quota/resource-quotas.ts';
import { RequestMatcher } from '../webhooks/matching.ts';
import { webhookPlugins } from '../webhooks/plugins.ts';
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts';
import type { AdmissionPlugin } from './contract.ts';
import { defaultIngressClass, defaultStorageClass } from './default-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import type { AdmissionOptions } from './options.ts';
import { ownerReferencesPermissionEnforcement } from './owner-references.ts';
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts';
import { podSecurity } from './pod-security/plugin.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { releaseDeletedServices, serviceAllocation } from './service-allocation.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';

/** The plug-ins of one cluster; `close` ends their watches and timers. */
export interface Admission {
  readonly plugins: readonly AdmissionPlugin[];
  close(): void;
}

/**
 * Which plug-ins run, in which order: those that upstream runs by default, in its order (kubernetes
 * pkg/kubeapiserver/options/plugins.go), then what upstream does in its registries: escalation checks, requesters of
 * certificates, addresses of Services.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { reader, authorizer, clock, services } = options;
  const quotas = new ResourceQuotas(options);
  const webhooks = webhookPlugins(options);
  const policies = { validating: validatingPolicyList(reader), mutating: mutatingPolicyList(reader) };
  const policyContext = {
    reader,
    authorizer,
    resources: () => options.resources(),
    matcher: new RequestMatcher(reader, () => options.resources()),
  };
  const ends = [
    releaseDeletedServices(reader, services),
    () => quotas.close(),
    () => webhooks.close(),
    () => policies.validating.close(),
    () => policies.mutating.close(),
  ];
  const optional = new Set(options.enable);
  const plugins: AdmissionPlugin[] = [
    namespaceLifecycle(reader),
    limitRanger(reader),
    serviceAccount(reader, clock),
    nodeRestriction(reader),
    taintNodesByCondition,
    podSecurity(reader, options.podSecurity ?? {}),
    priority(reader),
    defaultTolerationSeconds,
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    ownerReferencesPermissionEnforcement(authorizer),
    persistentVolumeClaimResize(reader),
    runtimeClass(reader),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(reader),
    mutatingPolicies(policies.mutating, policyContext),
    webhooks.mutating,
    validatingPolicies(policies.validating, policyContext),
    webhooks.validating,
    resourceQuota(quotas),
    rbacEscalation({ authorizer, index: options.rbac, reader }),
    certificateRequester,
    serviceAllocation(services),
  ];
  return {
    plugins: plugins.filter(({ name }) => !OFF_BY_DEFAULT.has(name) || optional.has(name)),
    close: () => {
      for (const end of ends.splice(0)) end();
    },
  };
}

const OFF_BY_DEFAULT: ReadonlySet<string> = new Set(['OwnerReferencesPermissionEnforcement']);
