import { errors, type FieldError, invalid, notSupported } from '@sampan/api';
import { isObject } from '@sampan/base';

/** metav1.DeleteOptions, from the body or the query. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
}

/** Reads the options of a DELETE: a body wins over the query (apiserver endpoints/handlers/delete.go). */
export function deleteOptions(body: unknown, query: URLSearchParams): DeleteOptions {
  const options = body === undefined ? fromQuery(query) : fromBody(body);
  const problems = validate(options);
  if (problems.length > 0)
    throw errors.invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', problems);
  return options;
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const grace = query.get('gracePeriodSeconds');
  if (grace !== null && !/^[+-]?\d+$/.test(grace)) {
    throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  }
  const propagationPolicy = query.get('propagationPolicy');
  const orphan = query.get('orphanDependents');
  const dryRun = query.getAll('dryRun');
  return {
    ...(grace === null ? {} : { gracePeriodSeconds: Number(grace) }),
    ...(propagationPolicy ? { propagationPolicy } : {}),
    ...(orphan === null ? {} : { orphanDependents: orphan !== 'false' && orphan !== '0' }),
    ...(dryRun.length > 0 ? { dryRun } : {}),
  };
}

function fromBody(body: unknown): DeleteOptions {
  if (!isObject(body)) throw errors.badRequest('the body of a delete must be a DeleteOptions object');
  const { kind, gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions, dryRun } = body;
  if (kind !== undefined && kind !== 'DeleteOptions') {
    throw errors.badRequest(`decoded object cannot be converted to DeleteOptions`);
  }
  check(gracePeriodSeconds, Number.isInteger, 'gracePeriodSeconds', 'an integer');
  check(propagationPolicy, isString, 'propagationPolicy', 'a string');
  check(orphanDependents, (value) => typeof value === 'boolean', 'orphanDependents', 'a boolean');
  check(preconditions, isObject, 'preconditions', 'an object');
  check(dryRun, (value) => Array.isArray(value) && value.every(isString), 'dryRun', 'a list of strings');
  const { uid, resourceVersion } = (preconditions ?? {}) as Record<string, unknown>;
  check(uid, isString, 'preconditions.uid', 'a string');
  check(resourceVersion, isString, 'preconditions.resourceVersion', 'a string');
  return {
    ...defined('gracePeriodSeconds', gracePeriodSeconds),
    ...defined('propagationPolicy', propagationPolicy),
    ...defined('orphanDependents', orphanDependents),
    ...defined('dryRun', dryRun),
    preconditions: { ...defined('uid', uid), ...defined('resourceVersion', resourceVersion) },
  } as DeleteOptions;
}

const isString = (value: unknown) => typeof value === 'string';

function defined(key: string, value: unknown): Record<string, unknown> {
  return value === undefined || value === null ? {} : { [key]: value };
}

function check(value: unknown, test: (value: unknown) => boolean, field: string, wanted: string): void {
  if (value !== undefined && value !== null && !test(value)) {
    throw errors.badRequest(`DeleteOptions: ${field} must be ${wanted}`);
  }
}

const POLICIES = ['Foreground', 'Background', 'Orphan'];

/** apimachinery pkg/apis/meta/v1/validation ValidateDeleteOptions. */
function validate(options: DeleteOptions): FieldError[] {
  const problems: FieldError[] = [];
  const { propagationPolicy, orphanDependents } = options;
  if (orphanDependents !== undefined && propagationPolicy !== undefined) {
    problems.push(
      invalid(
        'propagationPolicy',
        propagationPolicy,
        'orphanDependents and deletionPropagation cannot be both set',
      ),
    );
  }
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy)) {
    problems.push(notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']));
  }
  problems.push(...validateDryRun(options.dryRun ?? []));
  return problems;
}

/** Only `All` is known. */
export function validateDryRun(dryRun: readonly string[]): FieldError[] {
  const unknown = dryRun.filter((value) => value !== 'All');
  return unknown.length > 0 ? [notSupported('dryRun', dryRun, ['All'])] : [];
}
