import { randomUUID } from 'node:crypto';
import type { KubeObject, ResourceDefinition } from '@sampan/api';
import { isObject, type JsonObject } from '@sampan/base';
import type { AdmissionRequest } from '../admission/contract.ts';
import { CallError } from './call-error.ts';
import { type Kind, namespaceOf } from './subject.ts';

/** What a webhook is asked: the request in the version that it wants to see. */
export interface Question {
  readonly request: AdmissionRequest;
  readonly kind: Kind;
  readonly definition: ResourceDefinition;
  readonly requestKind: Kind;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
}

/** admission.k8s.io AdmissionRequest; v1 and v1beta1 have the same fields. */
export function admissionRequest(question: Question, uid: string): object {
  const { request, kind, definition, requestKind, object, old } = question;
  const { user, subresource } = request;
  return {
    uid,
    kind: kindOf(kind),
    resource: resourceOf(definition),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: kindOf(requestKind),
    requestResource: resourceOf(request.definition),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...given('name', request.name),
    ...given('namespace', namespaceOf(request)),
    operation: request.operation,
    userInfo: {
      username: user.name,
      ...given('uid', user.uid ?? ''),
      groups: user.groups,
      ...(user.extra ? { extra: user.extra } : {}),
    },
    object: object ?? null,
    oldObject: old ?? null,
    dryRun: request.dryRun,
    options: request.options ?? null,
  };
}

const given = (name: string, value: string) => (value === '' ? {} : { [name]: value });
const kindOf = ({ group, version, kind }: Kind) => ({ group, version, kind });
const resourceOf = ({ group, version, resource }: ResourceDefinition) => ({ group, version, resource });

const VERSIONS = ['v1', 'v1beta1'];

interface Review {
  readonly kind: 'AdmissionReview';
  readonly apiVersion: string;
  readonly request: object;
}

/** A review in the first version that both sides know, and its uid. Throws CallError. */
export function reviewFor(question: Question, versions: readonly string[]): { uid: string; review: Review } {
  const version = versions.find((candidate) => VERSIONS.includes(candidate));
  if (version === undefined)
    throw new CallError('webhook does not accept known AdmissionReview versions (v1, v1beta1)');
  const uid = randomUUID();
  const review: Review = {
    kind: 'AdmissionReview',
    apiVersion: `admission.k8s.io/${version}`,
    request: admissionRequest(question, uid),
  };
  return { uid, review };
}

/** What a webhook answered, checked. */
export interface Verdict {
  readonly allowed: boolean;
  /** A metav1.Status, as the webhook wrote it. */
  readonly result: JsonObject | undefined;
  /** The text of a JSON patch; '' for none. */
  readonly patch: string;
  readonly warnings: readonly string[];
  readonly auditAnnotations: Readonly<Record<string, string>>;
}

/** Source: apiserver plugin/webhook/request VerifyAdmissionResponse. Throws CallError. */
export function verdictOf(answer: unknown, asked: Review, uid: string, mutating: boolean): Verdict {
  if (!isObject(answer) || !isObject(answer.response)) throw new CallError('webhook response was absent');
  const { response } = answer;
  if (asked.apiVersion === 'admission.k8s.io/v1') checkV1(answer, response, uid, mutating);
  const patch = mutating && typeof response.patch === 'string' ? response.patch : '';
  if (patch !== '' && asked.apiVersion === 'admission.k8s.io/v1' && response.patchType !== 'JSONPatch')
    throw new CallError(`unsupported patch type ${JSON.stringify(response.patchType)}`);
  return {
    allowed: response.allowed === true,
    result: isObject(response.status) ? response.status : undefined,
    patch: Buffer.from(patch, 'base64').toString('utf8'),
    warnings: Array.isArray(response.warnings) ? response.warnings.filter(isText) : [],
    auditAnnotations: isObject(response.auditAnnotations) ? textsOf(response.auditAnnotations) : {},
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const textsOf = (map: JsonObject): Record<string, string> =>
  Object.fromEntries(Object.entries(map).filter((entry): entry is [string, string] => isText(entry[1])));

function checkV1(answer: JsonObject, response: JsonObject, uid: string, mutating: boolean): void {
  const text = (value: unknown) => JSON.stringify(value ?? '');
  if (response.uid !== uid)
    throw new CallError(`expected response.uid=${text(uid)}, got ${text(response.uid)}`);
  const [group = '', version = ''] = String(answer.apiVersion ?? '').split('/');
  if (group !== 'admission.k8s.io' || version !== 'v1' || answer.kind !== 'AdmissionReview') {
    const found = `${group}/${version}, Kind=${String(answer.kind ?? '')}`;
    throw new CallError(
      `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${found}`,
    );
  }
  const { patchType = null } = response;
  const hasPatch = typeof response.patch === 'string' && response.patch !== '';
  if (!mutating) {
    if (hasPatch) throw new CallError('validating webhook may not return response.patch');
    if (patchType !== null) throw new CallError('validating webhook may not return response.patchType');
    return;
  }
  if (hasPatch && patchType === null)
    throw new CallError('webhook returned response.patch but not response.patchType');
  if (!hasPatch && patchType !== null)
    throw new CallError('webhook returned response.patchType but not response.patch');
  if (patchType === '') throw new CallError('webhook returned invalid response.patchType of ""');
}
