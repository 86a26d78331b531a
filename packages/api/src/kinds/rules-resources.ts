import { selfSubjectReviewRules, tokenRequestRules, tokenReviewRules } from '../authentication/rules.ts';
import {
  localSubjectAccessReviewRules,
  selfSubjectAccessReviewRules,
  selfSubjectRulesReviewRules,
  subjectAccessReviewRules,
} from '../authorization/rules.ts';
import { hpaV1Rules, hpaV2Rules } from '../autoscaling/horizontalpodautoscaler.ts';
import { certificateSigningRequestRules } from '../certificates/certificatesigningrequest.ts';
import { leaseRules } from '../coordination/lease.ts';
import { bindingRules } from '../core/binding.ts';
import { configMapRules } from '../core/configmap.ts';
import { endpointsRules } from '../core/endpoints.ts';
import { eventRules } from '../core/event.ts';
import { limitRangeRules } from '../core/limitrange.ts';
import { namespaceRules } from '../core/namespace.ts';
import { nodeRules } from '../core/node.ts';
import { persistentVolumeRules } from '../core/persistentvolume.ts';
import { persistentVolumeClaimRules } from '../core/persistentvolumeclaim.ts';
import { resourceQuotaRules } from '../core/resourcequota.ts';
import { secretRules } from '../core/secret.ts';
import { serviceRules } from '../core/service/rules.ts';
import { serviceAccountRules } from '../core/serviceaccount.ts';
import { endpointSliceRules } from '../discovery/endpointslice.ts';
import { eventsBetaEventRules, eventsEventRules } from '../events/event.ts';
import { ingressRules } from '../networking/ingress.ts';
import { ingressClassRules } from '../networking/ingressclass.ts';
import { ipAddressRules } from '../networking/ipaddress.ts';
import { networkPolicyRules } from '../networking/networkpolicy.ts';
import { serviceCidrRules } from '../networking/servicecidr.ts';
import { runtimeClassRules } from '../node/runtimeclass.ts';
import { podDisruptionBudgetRules } from '../policy/poddisruptionbudget.ts';
import { clusterRoleBindingRules, clusterRoleRules, roleBindingRules, roleRules } from '../rbac/rules.ts';
import { priorityClassRules } from '../scheduling/priorityclass.ts';
import { csiDriverRules } from '../storage/csidriver.ts';
import { csiNodeRules } from '../storage/csinode.ts';
import { csiStorageCapacityRules } from '../storage/csistoragecapacity.ts';
import { storageClassRules } from '../storage/storageclass.ts';
import { volumeAttachmentRules } from '../storage/volumeattachment.ts';
import { volumeAttributesClassRules } from '../storage/volumeattributesclass.ts';
import type { KindRules } from './resource.ts';

/**
 * Rules by `GROUP/Kind`; the core group is empty: `/Pod`. A kind whose versions differ has a key with the
 * version too, which goes before the plain one: `autoscaling/v1/HorizontalPodAutoscaler`.
 */
export const resourceRules: Readonly<Record<string, KindRules>> = {
  '/Binding': bindingRules,
  '/ComponentStatus': {},
  '/ConfigMap': configMapRules,
  '/Endpoints': endpointsRules,
  '/Event': eventRules,
  '/LimitRange': limitRangeRules,
  '/Namespace': namespaceRules,
  '/Node': nodeRules,
  '/PersistentVolume': persistentVolumeRules,
  '/PersistentVolumeClaim': persistentVolumeClaimRules,
  '/ResourceQuota': resourceQuotaRules,
  '/Secret': secretRules,
  '/Service': serviceRules,
  '/ServiceAccount': serviceAccountRules,
  'authentication.k8s.io/SelfSubjectReview': selfSubjectReviewRules,
  'authentication.k8s.io/TokenRequest': tokenRequestRules,
  'authentication.k8s.io/TokenReview': tokenReviewRules,
  'authorization.k8s.io/LocalSubjectAccessReview': localSubjectAccessReviewRules,
  'authorization.k8s.io/SelfSubjectAccessReview': selfSubjectAccessReviewRules,
  'authorization.k8s.io/SelfSubjectRulesReview': selfSubjectRulesReviewRules,
  'authorization.k8s.io/SubjectAccessReview': subjectAccessReviewRules,
  'autoscaling/HorizontalPodAutoscaler': hpaV2Rules,
  'autoscaling/v1/HorizontalPodAutoscaler': hpaV1Rules,
  'certificates.k8s.io/CertificateSigningRequest': certificateSigningRequestRules,
  'coordination.k8s.io/Lease': leaseRules,
  'discovery.k8s.io/EndpointSlice': endpointSliceRules,
  'events.k8s.io/Event': eventsEventRules,
  'events.k8s.io/v1beta1/Event': eventsBetaEventRules,
  'networking.k8s.io/IPAddress': ipAddressRules,
  'networking.k8s.io/Ingress': ingressRules,
  'networking.k8s.io/IngressClass': ingressClassRules,
  'networking.k8s.io/NetworkPolicy': networkPolicyRules,
  'networking.k8s.io/ServiceCIDR': serviceCidrRules,
  'node.k8s.io/RuntimeClass': runtimeClassRules,
  'policy/Eviction': {},
  'policy/PodDisruptionBudget': podDisruptionBudgetRules,
  'rbac.authorization.k8s.io/ClusterRole': clusterRoleRules,
  'rbac.authorization.k8s.io/ClusterRoleBinding': clusterRoleBindingRules,
  'rbac.authorization.k8s.io/Role': roleRules,
  'rbac.authorization.k8s.io/RoleBinding': roleBindingRules,
  'scheduling.k8s.io/PriorityClass': priorityClassRules,
  'storage.k8s.io/CSIDriver': csiDriverRules,
  'storage.k8s.io/CSINode': csiNodeRules,
  'storage.k8s.io/CSIStorageCapacity': csiStorageCapacityRules,
  'storage.k8s.io/StorageClass': storageClassRules,
  'storage.k8s.io/VolumeAttachment': volumeAttachmentRules,
  'storage.k8s.io/VolumeAttributesClass': volumeAttributesClassRules,
};
