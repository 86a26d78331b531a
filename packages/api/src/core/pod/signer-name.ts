import { type FieldError, invalid, required, tooLong } from '../../meta/field-error.ts';
import { isDNS1123Label, isDNS1123Subdomain } from '../../validation/dns.ts';

/** Domain (253), slash, namespace (63), dot, name (253). */
const MAX_LENGTH = 253 + 1 + 253 + 1 + 63;

/** A certificate signer's name, `DOMAIN/PATH` (ValidateSignerName). */
export function validateSignerName(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  const segments = name.split('/');
  if (segments.length !== 2) {
    return [invalid(field, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")];
  }
  const [domain = '', path = ''] = segments;
  const errors: FieldError[] = [];
  const domainErrors = isDNS1123Subdomain(domain);
  if (domainErrors.length > 0) {
    errors.push(invalid(field, domain, `validating label ${JSON.stringify(domain)}: ${domainErrors.join(',')}`));
  } else if (domain.split('.').length < 2) {
    errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'));
  }
  for (const label of path.split('.')) {
    for (const message of isDNS1123Label(label)) {
      errors.push(invalid(field, label, `validating label ${JSON.stringify(label)}: ${message}`));
    }
  }
  if (name.length > MAX_LENGTH) errors.push(tooLong(field, MAX_LENGTH));
  return errors;
}
