import { type FieldError, invalid } from '../../meta/field-error.ts';
import type { CustomResourceDefinition } from '../crd.ts';

const FIELD = 'status.storedVersions';

/** No version may go that objects may be stored in. Source: ValidateCustomResourceDefinitionStoredVersions. */
export function storedVersionsErrors(crd: CustomResourceDefinition): FieldError[] {
  const stored = crd.status?.storedVersions ?? [];
  if (stored.length === 0) return [invalid(FIELD, null, 'must have at least one stored version')];
  const versions = crd.spec.versions ?? [];
  const missing = versions.filter(({ storage, name }) => storage && !stored.includes(name));
  const errors = missing.map(({ name }) => invalid(FIELD, stored, `must have the storage version ${name}`));
  stored.forEach((name, i) => {
    if (versions.some((version) => version.name === name)) return;
    const text = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`;
    errors.push(invalid(`${FIELD}[${i}]`, name, text));
  });
  return errors;
}
