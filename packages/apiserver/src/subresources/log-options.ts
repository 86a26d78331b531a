import { errors, type FieldError, forbidden, invalid, notSupported } from '@sampan/api';

const NEGATIVE = 'must be greater than or equal to 0';
const NOT_POSITIVE = 'must be greater than 0';

/** KEP-3288. */
const STREAMS = ['All', 'Stdout', 'Stderr'];

/** PodLogOptions of the query (kubernetes pkg/apis/core/validation ValidatePodLogOptions); throws Invalid, BadRequest. */
export function checkLogOptions(query: URLSearchParams, pod: string): void {
  const tailLines = integer(query, 'tailLines');
  const limitBytes = integer(query, 'limitBytes');
  const sinceSeconds = integer(query, 'sinceSeconds');
  const problems: FieldError[] = [];
  if (tailLines !== undefined && tailLines < 0) problems.push(invalid('tailLines', tailLines, NEGATIVE));
  if (limitBytes !== undefined && limitBytes < 1)
    problems.push(invalid('limitBytes', limitBytes, NOT_POSITIVE));
  if (sinceSeconds !== undefined && query.get('sinceTime')) {
    problems.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    problems.push(invalid('sinceSeconds', sinceSeconds, NOT_POSITIVE));
  }
  const stream = query.get('stream');
  if (stream && !STREAMS.includes(stream)) problems.push(notSupported('stream', stream, STREAMS));
  else if (tailLines !== undefined && stream && stream !== 'All')
    problems.push(forbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'));
  if (problems.length > 0) throw errors.invalid({ group: '', kind: 'PodLogOptions' }, pod, problems);
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}
