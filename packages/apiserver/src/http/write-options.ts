import { errors, type FieldError, invalid, notSupported } from '@sampan/api';
import { validateDryRun } from '../registry/delete-options.ts';
import type { FieldValidation, RequestContext } from '../registry/request-context.ts';
import type { Exchange } from './exchange.ts';

const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];
const LONGEST_MANAGER = 128;

/** metav1.CreateOptions, UpdateOptions and PatchOptions of a write; `kind` names them in errors. */
export function writeContext(
  exchange: Exchange,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
): RequestContext {
  const { query } = exchange;
  if (query.size === 0) {
    return {
      user: exchange.user,
      dryRun: false,
      fieldManager: agentName(exchange),
      fieldValidation: 'Warn',
      warn: exchange.warn,
    };
  }
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const manager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  const problems: FieldError[] = [...validateDryRun(dryRun), ...managerProblems(manager)];
  if (!FIELD_VALIDATIONS.includes(fieldValidation)) {
    problems.push(notSupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS));
  }
  if (problems.length > 0) throw errors.invalid({ group: 'meta.k8s.io', kind }, '', problems);
  return {
    user: exchange.user,
    dryRun: dryRun.length > 0,
    fieldManager: manager || agentName(exchange),
    fieldValidation: fieldValidation as FieldValidation,
    warn: exchange.warn,
  };
}

/** apimachinery pkg/apis/meta/v1/validation ValidateFieldManager. */
function managerProblems(manager: string): FieldError[] {
  const problems: FieldError[] = [];
  if (manager.length > LONGEST_MANAGER) {
    problems.push({
      type: 'FieldValueTooLong',
      field: 'fieldManager',
      detail: `may not be more than ${LONGEST_MANAGER} bytes`,
    });
  }
  const index = [...manager].findIndex((character) => !/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character));
  if (index >= 0) problems.push(invalid('fieldManager', manager, 'should only contain printable characters'));
  return problems;
}

/** The manager of a client that names none: its program (apiserver endpoints/handlers managerOrUserAgent). */
function agentName(exchange: Exchange): string {
  const agent = exchange.header('user-agent');
  const slash = agent.indexOf('/');
  const name = slash < 0 ? agent : agent.slice(0, slash);
  let printable = '';
  for (const character of name.slice(0, LONGEST_MANAGER)) {
    if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) printable += character;
  }
  return printable === '' ? 'unknown' : printable;
}
