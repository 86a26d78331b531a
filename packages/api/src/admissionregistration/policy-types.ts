import type { KubeObject } from '../meta/object.ts';
import type { LabelSelector } from '../validation/label-selector.ts';
import type { AdmissionRule, MatchCondition } from './types.ts';

/** admissionregistration.k8s.io MatchResources, defaulted. */
export interface MatchResources {
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly resourceRules?: readonly AdmissionRule[];
  readonly excludeResourceRules?: readonly AdmissionRule[];
  readonly matchPolicy?: string;
}

export interface PolicyValidation {
  readonly expression: string;
  readonly message?: string;
  readonly reason?: string;
  readonly messageExpression?: string;
}

export interface ValidatingPolicySpec {
  readonly paramKind?: { readonly apiVersion?: string; readonly kind?: string };
  readonly matchConstraints?: MatchResources;
  readonly validations?: readonly PolicyValidation[];
  readonly failurePolicy?: string;
  readonly auditAnnotations?: readonly { readonly key: string; readonly valueExpression: string }[];
  readonly matchConditions?: readonly MatchCondition[];
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
}

/** ValidatingAdmissionPolicy v1, defaulted. */
export interface ValidatingPolicy extends KubeObject {
  readonly spec: ValidatingPolicySpec;
}

export interface MutatingPolicySpec
  extends Pick<
    ValidatingPolicySpec,
    'paramKind' | 'matchConstraints' | 'variables' | 'failurePolicy' | 'matchConditions'
  > {
  readonly mutations?: readonly {
    readonly patchType?: string;
    readonly applyConfiguration?: { readonly expression?: string };
    readonly jsonPatch?: { readonly expression?: string };
  }[];
  readonly reinvocationPolicy?: string;
}

/** MutatingAdmissionPolicy v1, defaulted. */
export interface MutatingPolicy extends KubeObject {
  readonly spec: MutatingPolicySpec;
}

export interface ParamRef {
  readonly name?: string;
  readonly namespace?: string;
  readonly selector?: LabelSelector;
  readonly parameterNotFoundAction?: string;
}

/** ValidatingAdmissionPolicyBinding and MutatingAdmissionPolicyBinding v1, defaulted. */
export interface PolicyBinding extends KubeObject {
  readonly spec: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
    /** Of validating ones. */
    readonly validationActions?: readonly string[];
  };
}
