import { dns1123Label, dns1123Subdomain } from '../core/shared.ts';
import { type FieldError, invalid, required, tooLong } from '../meta/field-error.ts';
import { byteLength } from '../validation/messages.ts';

const MAX_DOMAIN = 253;
/** A namespace (63), a dot and a name (253). */
const MAX_PATH = 63 + 1 + 253;

/** Only the first bad part is reported: more would not be told apart. */
function partErrors(text: string, check: (part: string) => string[], field: string): FieldError[] {
  for (const part of text.split('.')) {
    const messages = check(part);
    if (messages.length > 0) {
      return messages.map((message) =>
        invalid(field, text, `validating label ${JSON.stringify(part)}: ${message}`),
      );
    }
  }
  return [];
}

/** ValidateCertificateSigningRequestSignerName: `example.com/signer-name`. */
export function signerNameErrors(name: string, field: string): FieldError[] {
  if (name === '') return [required(field, 'signerName must be provided')];
  const [domain = '', path, ...rest] = name.split('/');
  if (path === undefined || rest.length > 0) {
    const message = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalid(field, name, message)];
  }
  const errors: FieldError[] = [];
  if (byteLength(domain) > MAX_DOMAIN) errors.push(tooLong(field, MAX_DOMAIN));
  errors.push(...partErrors(domain, dns1123Label, field));
  if (!domain.includes('.')) {
    errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'));
  }
  errors.push(...partErrors(path, dns1123Subdomain, field));
  const max = MAX_DOMAIN + 1 + MAX_PATH;
  if (byteLength(name) > max) errors.push(tooLong(field, max));
  return errors;
}
