import { each } from '../core/shared.ts';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, notSupported, required } from '../meta/field-error.ts';
import { goQuote } from '../meta/go-quote.ts';
import type { KubeObject } from '../meta/object.ts';
import { isDNS1035Label, isDNS1123Subdomain } from '../validation/dns.ts';
import { isValidPortNum } from '../validation/formats.ts';
import { nameIsPathSegment } from '../validation/names.ts';

export interface ApiServiceCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | null;
  readonly reason?: string;
  readonly message?: string;
}

/** apiregistration.k8s.io/v1 APIService, defaulted. */
export interface ApiService extends KubeObject {
  spec: {
    /** Absent: served by this server itself. */
    readonly service?: { readonly namespace: string; readonly name: string; readonly port?: number };
    readonly group?: string;
    readonly version?: string;
    readonly insecureSkipTLSVerify?: boolean;
    /** Base64 of PEM. */
    readonly caBundle?: string;
    readonly groupPriorityMinimum: number;
    readonly versionPriority: number;
  };
  status?: { readonly conditions?: readonly ApiServiceCondition[] };
}

const asApiService = (object: KubeObject): ApiService => object as ApiService;

/** What an APIService without a Service is from its first moment. */
export const LOCAL_AVAILABLE = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
} as const;

const MAX_GROUP_PRIORITY = 20_000;
const MAX_VERSION_PRIORITY = 1000;

/** Source: kube-aggregator pkg/apis/apiregistration/validation/validation.go. */
function validate(object: KubeObject): FieldError[] {
  const { metadata, spec } = asApiService(object);
  const { group = '', version = '', service } = spec;
  const name = `${version}.${group}`;
  const errors: FieldError[] = [];
  if (metadata.name !== name) {
    const text = `must be \`spec.version+"."+spec.group\`: ${goQuote(name)}`;
    errors.push(invalid('metadata.name', metadata.name, text));
  }
  if (group === '' && version !== 'v1')
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  if (group !== '') errors.push(...each('spec.group', group, isDNS1123Subdomain(group)));
  errors.push(
    ...each('spec.version', version, isDNS1035Label(version)),
    ...priorityErrors('spec.groupPriorityMinimum', spec.groupPriorityMinimum, MAX_GROUP_PRIORITY),
    ...priorityErrors('spec.versionPriority', spec.versionPriority, MAX_VERSION_PRIORITY),
    ...(service ? serviceErrors(spec, service) : localErrors(spec)),
  );
  return errors;
}

function priorityErrors(field: string, value: number, max: number): FieldError[] {
  return value > 0 && value <= max ? [] : [invalid(field, value, `must be positive and less than ${max}`)];
}

function localErrors({ caBundle = '', insecureSkipTLSVerify }: ApiService['spec']): FieldError[] {
  const errors: FieldError[] = [];
  if (caBundle !== '') {
    const size = `${Buffer.from(caBundle, 'base64').length} bytes`;
    errors.push(invalid('spec.caBundle', size, 'local APIServices may not have a caBundle'));
  }
  if (insecureSkipTLSVerify) {
    const text = 'local APIServices may not have insecureSkipTLSVerify';
    errors.push(invalid('spec.insecureSkipTLSVerify', true, text));
  }
  return errors;
}

function serviceErrors(
  spec: ApiService['spec'],
  service: NonNullable<ApiService['spec']['service']>,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!service.namespace) errors.push(required('spec.service.namespace'));
  if (!service.name) errors.push(required('spec.service.name'));
  const ports = isValidPortNum(service.port ?? 443);
  if (ports.length > 0)
    errors.push(invalid('spec.service.port', service.port, `port is not valid: ${ports.join(', ')}`));
  if (spec.insecureSkipTLSVerify && spec.caBundle)
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
  return errors;
}

const STATUSES = ['True', 'False', 'Unknown'];

function statusErrors(object: KubeObject): FieldError[] {
  return (asApiService(object).status?.conditions ?? []).flatMap(({ status }, i) =>
    STATUSES.includes(status) ? [] : [notSupported(`status.conditions[${i}].status`, status, STATUSES)],
  );
}

/** The kind APIService. Source: kube-aggregator pkg/registry/apiservice/strategy.go. */
export const apiServiceRules: KindRules = {
  unconditionalUpdate: false,
  validateName: nameIsPathSegment,
  setDefaults(object) {
    object.spec ??= {};
    if (object.spec.service) object.spec.service.port ??= 443;
  },
  prepareForCreate(object, { now }) {
    const time = `${new Date(now).toISOString().slice(0, 19)}Z`;
    object.status = object.spec.service
      ? {}
      : { conditions: [{ ...LOCAL_AVAILABLE, lastTransitionTime: time }] };
  },
  validate,
  status: {
    prepareForUpdate(object, old) {
      const { labels, annotations, finalizers, ownerReferences } = old.metadata;
      for (const key of Object.keys(object))
        if (key !== 'status' && key !== 'metadata') object[key] = old[key];
      Object.assign(object.metadata, { labels, annotations, finalizers, ownerReferences });
      for (const key of ['labels', 'annotations', 'finalizers', 'ownerReferences'] as const)
        if (object.metadata[key] === undefined) delete object.metadata[key];
    },
    validateUpdate: statusErrors,
  },
};
