import { type FieldError, invalid, required } from '../meta/field-error.ts';
import { isDNS1123Subdomain } from './dns.ts';
import { isValidPortNum } from './formats.ts';

/** Where a webhook is: the `clientConfig` of admission and conversion webhooks. */
export interface WebhookClientConfig {
  readonly url?: string;
  readonly service?: WebhookService;
  /** Base64 of PEM; absent: the CAs of the system. */
  readonly caBundle?: string;
}

export interface WebhookService {
  readonly namespace: string;
  readonly name: string;
  readonly path?: string;
  /** Default 443. */
  readonly port?: number;
}

/** Errors of a `clientConfig`. Source: apiserver pkg/util/webhook/validation.go. */
export function webhookClientErrors(client: WebhookClientConfig | undefined, field: string): FieldError[] {
  const { url, service } = client ?? {};
  if ((url === undefined) === (service === undefined))
    return [required(field, 'exactly one of url or service is required')];
  if (url !== undefined) return webhookUrlErrors(url, `${field}.url`);
  return webhookServiceErrors(service as WebhookService, `${field}.service`);
}

const FORM = '; desired format: https://host[/path]';
const URL_PARTS =
  /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/(?:([^/?#@]*)@)?([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s;

export function webhookUrlErrors(text: string, field: string): FieldError[] {
  const [, scheme = '', user, host = '', , query = '', fragment = ''] = URL_PARTS.exec(text) ?? [];
  const errors: FieldError[] = [];
  if (scheme !== 'https')
    errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme${FORM}`));
  if (host === '') errors.push(invalid(field, '', `host must be specified${FORM}`));
  if (user !== undefined) errors.push(invalid(field, user, 'user information is not permitted in the URL'));
  if (fragment !== '') errors.push(invalid(field, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(field, query, 'query parameters are not permitted in the URL'));
  return errors;
}

function webhookServiceErrors(service: WebhookService, field: string): FieldError[] {
  const errors: FieldError[] = [];
  if (!service.name) errors.push(required(`${field}.name`, 'service name is required'));
  if (!service.namespace) errors.push(required(`${field}.namespace`, 'service namespace is required'));
  const ports = isValidPortNum(service.port ?? 443);
  if (ports.length > 0)
    errors.push(invalid(`${field}.port`, service.port, `port is not valid: ${ports.join(', ')}`));
  return [...errors, ...pathErrors(service.path ?? '', `${field}.path`)];
}

function pathErrors(path: string, field: string): FieldError[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')];
  const errors: FieldError[] = [];
  if (!path.startsWith('/')) errors.push(invalid(field, path, "must start with a '/'"));
  const steps = path.slice(1).replace(/\/$/, '').split('/');
  steps.forEach((step, i) => {
    if (step === '') errors.push(invalid(field, path, `segment[${i}] may not be empty`));
    else
      for (const text of isDNS1123Subdomain(step))
        errors.push(invalid(field, path, `segment[${i}]: ${text}`));
  });
  return errors;
}
