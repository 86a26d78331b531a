import { setOwn } from '@sampan/base';
import type { KindRules } from '../kinds/resource.ts';
import { type FieldError, invalid, required } from '../meta/field-error.ts';
import type { KubeObject } from '../meta/object.ts';
import { base64Size, dataKeyErrors, immutableDataErrors, totalSizeError } from './config-data.ts';
import { goJsonObjectError } from './go-json.ts';
import { immutable } from './shared.ts';

/** Data keys that a type demands; all of `every`, or at least one of `some`. */
const REQUIRED_KEYS: Readonly<Record<string, { every?: readonly string[]; some?: readonly string[] }>> = {
  'kubernetes.io/dockercfg': { every: ['.dockercfg'] },
  'kubernetes.io/dockerconfigjson': { every: ['.dockerconfigjson'] },
  'kubernetes.io/basic-auth': { some: ['username', 'password'] },
  'kubernetes.io/tls': { every: ['tls.crt', 'tls.key'] },
};

/** The data key that must hold a JSON object. */
const JSON_KEYS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockercfg': '.dockercfg',
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
};

const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name';

function typeErrors(secret: KubeObject, data: Record<string, string>): FieldError[] {
  const type: string = secret.type ?? '';
  if (type === 'kubernetes.io/service-account-token') {
    return secret.metadata.annotations?.[SERVICE_ACCOUNT_NAME]
      ? []
      : [required(`metadata.annotations[${SERVICE_ACCOUNT_NAME}]`)];
  }
  if (type === 'kubernetes.io/ssh-auth')
    return data['ssh-privatekey'] ? [] : [required('data[ssh-privatekey]')];
  const rule = Object.hasOwn(REQUIRED_KEYS, type) ? REQUIRED_KEYS[type] : undefined;
  const missing = (key: string): boolean => !Object.hasOwn(data, key);
  const errors = (rule?.every ?? []).filter(missing).map((key) => required(`data[${key}]`));
  if (rule?.some?.every(missing)) errors.push(...rule.some.map((key) => required(`data[${key}]`)));
  const jsonKey = Object.hasOwn(JSON_KEYS, type) ? JSON_KEYS[type] : undefined;
  if (jsonKey !== undefined && errors.length === 0) {
    const problem = goJsonObjectError(Buffer.from(data[jsonKey] ?? '', 'base64').toString());
    if (problem !== undefined)
      errors.push(invalid(`data[${jsonKey}]`, '<secret contents redacted>', problem));
  }
  return errors;
}

/** ValidateSecret of upstream's core validation. */
function validateSecret(secret: KubeObject): FieldError[] {
  const data: Record<string, string> = secret.data ?? {};
  const size = Object.values(data).reduce((sum, value) => sum + base64Size(value), 0);
  return [...dataKeyErrors(data, 'data'), ...totalSizeError(size, 'data'), ...typeErrors(secret, data)];
}

/** stringData is write-only: its texts become (and replace) values of data. */
function mergeStringData(secret: KubeObject): void {
  if (secret.stringData === undefined) return;
  const data: Record<string, string> = { ...secret.data };
  for (const [key, text] of Object.entries(secret.stringData as Record<string, string>)) {
    setOwn(data, key, Buffer.from(text).toString('base64'));
  }
  if (Object.keys(data).length > 0) secret.data = data;
  delete secret.stringData;
}

export const secretRules: KindRules = {
  setDefaults(secret) {
    secret.type ||= 'Opaque';
    mergeStringData(secret);
  },
  validate: validateSecret,
  validateUpdate: (secret, old) => [
    ...immutable('type', secret.type, old.type),
    ...immutableDataErrors(secret, old, ['data']),
    ...validateSecret(secret),
  ],
  selectableFields: { type: (secret) => secret.type ?? '' },
};
