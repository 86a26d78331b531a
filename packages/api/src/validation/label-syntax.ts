import { isDNS1123SubdomainBytes } from './dns.ts';
import { byteLength, emptyError, maxBytesError, regexError } from './messages.ts';

/** Syntax of label keys and values (Kubernetes "Labels and Selectors", "Syntax and character set"). */
export const LABEL_VALUE_MAX = 63;

const KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const KEY_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const keyRegExp = new RegExp(`^(?:${KEY})$`);
const keyError = regexError(KEY_MESSAGE, KEY, 'MyName', 'my.name', '123-abc');

const VALUE = `(${KEY})?`;
const valueRegExp = new RegExp(`^(?:${VALUE})$`);
const valueError = regexError(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  VALUE,
  'MyValue',
  'my_value',
  '12345',
);

/** A label key, also known as qualified name: `[PREFIX/]NAME`. */
export function isQualifiedName(value: string): string[] {
  const errors: string[] = [];
  const slash = value.indexOf('/');
  if (slash >= 0 && value.indexOf('/', slash + 1) >= 0) {
    return [
      `a valid label key ${keyError} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (slash >= 0) {
    const prefix = value.slice(0, slash);
    if (prefix === '') errors.push(`prefix part ${emptyError()}`);
    else for (const message of isDNS1123SubdomainBytes(prefix)) errors.push(`prefix part ${message}`);
  }
  const name = slash < 0 ? value : value.slice(slash + 1);
  if (name === '') errors.push(`name part ${emptyError()}`);
  else if (byteLength(name) > LABEL_VALUE_MAX) errors.push(`name part ${maxBytesError(LABEL_VALUE_MAX)}`);
  if (!keyRegExp.test(name)) errors.push(`name part ${keyError}`);
  return errors;
}

export function isValidLabelValue(value: string): string[] {
  const errors: string[] = [];
  if (byteLength(value) > LABEL_VALUE_MAX) errors.push(maxBytesError(LABEL_VALUE_MAX));
  if (!valueRegExp.test(value)) errors.push(valueError);
  return errors;
}
