import { X509Certificate } from 'node:crypto';
import { deepEqual } from '@sampan/base';
import { list, nameIsPathSegment, type Part } from '../core/shared.ts';
import type { KindRules, ValidateContext } from '../kinds/resource.ts';
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { pemBlocks } from './pem.ts';
import { parseCertificateRequest } from './request.ts';
import { signerNameErrors } from './signer-name.ts';

const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const DECIDED = ['Approved', 'Denied'];
const FINAL = [...DECIDED, 'Failed'];
const MIN_SECONDS = 600;

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

const text = (base64: Part): string => Buffer.from(base64 ?? '', 'base64').toString('latin1');
const conditionsOf = (request: KubeObject, type?: string): Part[] =>
  list(request.status?.conditions).filter((condition) => type === undefined || condition.type === type);

function requestErrors(request: KubeObject): FieldError[] {
  try {
    parseCertificateRequest(text(request.spec?.request));
    return [];
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return [invalid('spec.request', request.spec?.request ?? null, message)];
  }
}

/** What may be wrong because the stored object has it already. */
interface Allowances {
  readonly unknownUsages: boolean;
  readonly repeatedUsages: boolean;
  readonly legacySigner: boolean;
  readonly bothDecisions: boolean;
  readonly repeatedConditions: boolean;
  readonly emptyConditionType: boolean;
  readonly anyCertificate: boolean;
}

const repeats = (values: readonly unknown[]): boolean => new Set(values).size < values.length;

function allowances(request: KubeObject, old: KubeObject | undefined): Allowances {
  const usages: string[] = list(old?.spec?.usages);
  const types = old ? conditionsOf(old).map((condition) => condition.type) : [];
  return {
    unknownUsages: usages.some((usage) => !USAGES.includes(usage)),
    repeatedUsages: repeats(usages),
    legacySigner: old?.spec?.signerName === LEGACY_SIGNER,
    bothDecisions: DECIDED.every((type) => types.includes(type)),
    repeatedConditions: repeats(types),
    emptyConditionType: types.some((type) => !type),
    anyCertificate:
      old !== undefined &&
      ((request.status?.certificate ?? '') === (old.status?.certificate ?? '') ||
        certificateProblem(text(old.status?.certificate)) !== undefined),
  };
}

function usageErrors(usages: readonly string[], allow: Allowances): FieldError[] {
  const errors = usages.length === 0 ? [required('spec.usages', 'usages must be provided')] : [];
  usages.forEach((usage, i) => {
    if (!allow.unknownUsages && !USAGES.includes(usage)) {
      errors.push(notSupported(`spec.usages[${i}]`, usage, USAGES));
    }
  });
  usages.forEach((usage, i) => {
    if (!allow.repeatedUsages && usages.indexOf(usage) < i)
      errors.push(duplicate(`spec.usages[${i}]`, usage));
  });
  return errors;
}

function conditionErrors(request: KubeObject, allow: Allowances): FieldError[] {
  const seen = new Set<string>();
  return conditionsOf(request).flatMap((condition, i) => {
    const field = `status.conditions[${i}]`;
    const type: string = condition.type ?? '';
    const errors: FieldError[] = [];
    if (type === '' && !allow.emptyConditionType) errors.push(required(`${field}.type`));
    const statuses = FINAL.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (!condition.status) errors.push(required(`${field}.status`));
    else if (!statuses.includes(condition.status)) {
      errors.push(notSupported(`${field}.status`, condition.status, statuses));
    }
    const opposite = DECIDED.find((other) => DECIDED.includes(type) && other !== type);
    if (!allow.bothDecisions && opposite !== undefined && seen.has(opposite)) {
      errors.push(invalid(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (!allow.repeatedConditions && seen.has(type)) errors.push(duplicate(`${field}.type`, type));
    seen.add(type);
    return errors;
  });
}

/** Why `pem` is not a chain of certificates; undefined when it is, or is empty. */
function certificateProblem(pem: string): string | undefined {
  if (pem === '') return undefined;
  const blocks = pemBlocks(pem);
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const block of blocks) {
    if (block.type !== 'CERTIFICATE') {
      return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(block.type)}`;
    }
    if (block.hasHeaders) return 'no PEM block headers are permitted';
    if (block.der.length === 0) return 'found CERTIFICATE PEM block containing 0 certificates';
    try {
      new X509Certificate(block.der);
    } catch {
      return 'x509: malformed certificate';
    }
  }
  return undefined;
}

function validate(request: KubeObject, allow: Allowances): FieldError[] {
  const spec = request.spec ?? {};
  const errors = [...requestErrors(request), ...usageErrors(list(spec.usages), allow)];
  const signer: string = spec.signerName ?? '';
  if (!allow.legacySigner && signer === LEGACY_SIGNER) {
    const message = 'the legacy signerName is not allowed via this API version';
    errors.push(invalid('spec.signerName', signer, message));
  } else errors.push(...signerNameErrors(signer, 'spec.signerName'));
  const seconds: number | undefined = spec.expirationSeconds;
  if (seconds !== undefined && seconds < MIN_SECONDS) {
    const message = 'may not specify a duration less than 600 seconds (10 minutes)';
    errors.push(invalid('spec.expirationSeconds', seconds, message));
  }
  errors.push(...conditionErrors(request, allow));
  const problem = allow.anyCertificate ? undefined : certificateProblem(text(request.status?.certificate));
  if (problem !== undefined) errors.push(invalid('status.certificate', '<certificate data>', problem));
  return errors;
}

type Path = 'main' | 'status' | 'approval';

function decisionChanges(request: KubeObject, old: KubeObject): FieldError[] {
  return DECIDED.flatMap((type) => {
    const before = conditionsOf(old, type);
    const after = conditionsOf(request, type);
    const field = 'status.conditions';
    if (after.length > before.length)
      return [forbidden(field, `updates may not add a condition of type "${type}"`)];
    return after.length < before.length || deepEqual(before, after)
      ? []
      : [forbidden(field, `updates may not modify a condition of type "${type}"`)];
  });
}

function validateUpdate(request: KubeObject, old: KubeObject, path: Path): FieldError[] {
  const errors = validate(request, allowances(request, old));
  for (const type of FINAL) {
    if (conditionsOf(request, type).length < conditionsOf(old, type).length) {
      errors.push(forbidden('status.conditions', `updates may not remove a condition of type "${type}"`));
    }
  }
  if (path !== 'approval') errors.push(...decisionChanges(request, old));
  const before: string = old.status?.certificate ?? '';
  if ((request.status?.certificate ?? '') === before) return errors;
  if (path !== 'status')
    errors.push(forbidden('status.certificate', 'updates may not set certificate content'));
  else if (before !== '') {
    errors.push(forbidden('status.certificate', 'updates may not modify existing certificate content'));
  }
  return errors;
}

/** Conditions get their times from the server where the client gives none. */
function setConditionTimes(request: KubeObject, old: KubeObject, now: string): void {
  for (const condition of list(request.status?.conditions)) {
    condition.lastUpdateTime ??= now;
    if (condition.lastTransitionTime) continue;
    const before = conditionsOf(old, condition.type).find((other) => other.status === condition.status);
    condition.lastTransitionTime = before?.lastTransitionTime ?? now;
  }
}

/** Decisions belong to `approval`: whatever a status write says of them, they stay as they are; it cannot add or remove one. */
function keepDecisions(request: KubeObject, old: KubeObject): void {
  const conditions = list(request.status?.conditions);
  for (const type of DECIDED) {
    const before = conditionsOf(old, type);
    if (before.length === 0 || conditionsOf(request, type).length !== before.length) continue;
    let next = 0;
    conditions.forEach((condition, i) => {
      if (condition.type === type) conditions[i] = { ...before[next++] };
    });
  }
}

const timestamp = (now: number): string => new Date(now).toISOString().replace(/\.\d+Z$/, 'Z');

/** The rules of subresource `approval`: PUT and PATCH replace the conditions, nothing else. */
export const certificateApproval = {
  prepareForUpdate(request: KubeObject, old: KubeObject, { now }: ValidateContext): void {
    const conditions = request.status?.conditions;
    request.spec = old.spec;
    request.status = { ...old.status };
    if (conditions === undefined) delete request.status.conditions;
    else request.status.conditions = conditions;
    setConditionTimes(request, old, timestamp(now));
  },
  validateUpdate: (request: KubeObject, old: KubeObject): FieldError[] =>
    validateUpdate(request, old, 'approval'),
};

/** The requester's identity in spec (username, uid, groups, extra) is set by the server, which knows the user. */
export const certificateSigningRequestRules: KindRules = {
  prepareForCreate(request) {
    request.status = {};
    for (const key of ['username', 'uid', 'groups', 'extra']) delete request.spec?.[key];
  },
  prepareForUpdate(request, old) {
    request.spec = old.spec;
    request.status = old.status;
  },
  validate: (request) => validate(request, allowances(request, undefined)),
  validateUpdate: (request, old) => validateUpdate(request, old, 'main'),
  validateName: nameIsPathSegment,
  status: {
    prepareForUpdate(request, old) {
      request.spec = old.spec;
      keepDecisions(request, old);
      setConditionTimes(request, old, timestamp(Date.now()));
    },
    validateUpdate: (request, old) => validateUpdate(request, old, 'status'),
  },
  unconditionalUpdate: true,
  generation: false,
  selectableFields: { 'spec.signerName': (request) => request.spec?.signerName ?? '' },
};
