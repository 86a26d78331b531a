import {
  errors,
  type FieldError,
  FieldMatcher,
  forbidden,
  notSupported,
  parseFieldSelector,
  parseLabelSelector,
} from '@sampan/api';
import type { ListRequest } from '../registry/list.ts';
import { EVERYTHING, type Selection, selectionOf } from '../registry/selection.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Exchange } from './exchange.ts';

/** metav1.ListOptions of a list, watch or collection delete, checked. */
export interface ListOptions {
  readonly list: ListRequest;
  readonly watch: boolean;
  readonly timeoutMs: number;
  readonly sendInitialEvents: boolean | undefined;
  readonly bookmarks: boolean;
}

/** Reads and checks the query; throws BadRequest and Invalid with upstream's texts. */
export function listOptions(exchange: Exchange, resource: ServedResource): ListOptions {
  const { query, info } = exchange;
  if (query.size === 0 && info.name === '' && info.verb === 'list') return plain(info.namespace);
  const watch = info.verb === 'watch' || flag(query, 'watch') === true;
  const resourceVersion = query.get('resourceVersion') ?? '';
  let sendInitialEvents = flag(query, 'sendInitialEvents');
  let resourceVersionMatch = query.get('resourceVersionMatch') ?? '';
  if (
    watch &&
    sendInitialEvents === undefined &&
    resourceVersionMatch === '' &&
    /^0?$/.test(resourceVersion)
  ) {
    // a watch from no version begins with what is there (apimachinery SetListOptionsDefaults)
    sendInitialEvents = true;
    resourceVersionMatch = 'NotOlderThan';
  }
  const continueToken = query.get('continue') ?? '';
  const problems = watch
    ? watchProblems(resourceVersionMatch, sendInitialEvents, continueToken)
    : listProblems(resourceVersion, resourceVersionMatch, sendInitialEvents, continueToken);
  if (problems.length > 0) throw errors.invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', problems);
  return {
    list: {
      namespace: info.namespace,
      selection: selection(exchange, resource),
      limit: Math.max(0, integer(query, 'limit') ?? 0),
      continueToken,
      resourceVersion,
      resourceVersionMatch,
    },
    watch,
    timeoutMs: (integer(query, 'timeoutSeconds') ?? 0) * 1000,
    sendInitialEvents,
    bookmarks: flag(query, 'allowWatchBookmarks') ?? false,
  };
}

function plain(namespace: string): ListOptions {
  return {
    list: {
      namespace,
      selection: EVERYTHING,
      limit: 0,
      continueToken: '',
      resourceVersion: '',
      resourceVersionMatch: '',
    },
    watch: false,
    timeoutMs: 0,
    sendInitialEvents: undefined,
    bookmarks: false,
  };
}

/** apimachinery pkg/apis/meta/internalversion/validation. */
function listProblems(
  version: string,
  match: string,
  initial: boolean | undefined,
  token: string,
): FieldError[] {
  const problems: FieldError[] = [];
  if (match !== '') {
    if (version === '') {
      problems.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch is forbidden unless resourceVersion is provided',
        ),
      );
    }
    if (token !== '') {
      problems.push(
        forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
      );
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      problems.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && version === '0') {
      problems.push(
        forbidden(
          'resourceVersionMatch',
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      );
    }
  }
  if (initial !== undefined)
    problems.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return problems;
}

function watchProblems(match: string, initial: boolean | undefined, token: string): FieldError[] {
  const problems: FieldError[] = [];
  if (initial !== undefined && match !== 'NotOlderThan') {
    problems.push(
      forbidden(
        'resourceVersionMatch',
        'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      ),
    );
  }
  if (match === '') return problems;
  if (initial === undefined) {
    problems.push(
      forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      ),
    );
  }
  if (match !== 'NotOlderThan') problems.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  if (token !== '') {
    problems.push(
      forbidden('resourceVersionMatch', 'resourceVersionMatch is forbidden when continue is provided'),
    );
  }
  return problems;
}

function selection(exchange: Exchange, resource: ServedResource): Selection {
  const { query, info } = exchange;
  const labels = parsed(() => parseLabelSelector(query.get('labelSelector') ?? ''));
  const fields = fieldMatcher(query.get('fieldSelector') ?? '', info.name);
  for (const { field } of fields.requirements) {
    if (resource.fieldReader(field) === undefined) {
      throw errors.badRequest(unsupported(resource, field));
    }
  }
  return selectionOf(resource, labels, fields.requirements);
}

/** Kinds with selectable fields of their own answer otherwise than those without (apimachinery pkg/runtime/converter.go). */
function unsupported(resource: ServedResource, field: string): string {
  if (resource.custom || resource.definition.rules.selectableFields)
    return `field label not supported: ${field}`;
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}

/** A list or watch of one name (old paths, and `metadata.name` in the selector) selects it. */
function fieldMatcher(text: string, name: string): FieldMatcher {
  const matcher = parsed(() => parseFieldSelector(text));
  if (name === '') return matcher;
  if (matcher.empty) return new FieldMatcher([{ field: 'metadata.name', operator: '=', value: name }]);
  if (matcher.exact('metadata.name') !== name) {
    throw errors.badRequest("fieldSelector metadata.name doesn't match requested name");
  }
  return matcher;
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw errors.badRequest((error as Error).message);
  }
}

/** Go's conversion of a query value to bool: present and not `false` or `0`. */
export function flag(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  return value.toLowerCase() !== 'false' && value !== '0';
}

export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(value)) {
    throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  }
  return Number(value);
}
