import { type FieldError, invalid, required } from '../../meta/field-error.ts';
import type { CrdScale } from '../crd.ts';
import { simplePathErrors } from './simple-path.ts';

interface PathRule {
  readonly name: keyof CrdScale;
  readonly isOptional?: boolean;
  readonly roots: readonly string[];
  readonly detail: string;
}

const PATHS: readonly PathRule[] = [
  { name: 'specReplicasPath', roots: ['.spec.'], detail: 'should be a json path under .spec' },
  { name: 'statusReplicasPath', roots: ['.status.'], detail: 'should be a json path under .status' },
  {
    name: 'labelSelectorPath',
    isOptional: true,
    roots: ['.spec.', '.status.'],
    detail: 'should be a json path under either .spec or .status',
  },
];

/** `path` is that of the subresources. Source: apiextensions-apiserver ValidateCustomResourceDefinitionSubresources. */
export function scaleErrors(scale: CrdScale | undefined, path: string): FieldError[] {
  if (!scale) return [];
  return PATHS.flatMap(({ name, isOptional, roots, detail }) => {
    const field = `${path}.scale.${name}`;
    const text = scale[name];
    if (!text) return isOptional ? [] : [required(field)];
    const errors = simplePathErrors(text, field);
    if (errors.length > 0) return errors;
    return roots.some((root) => text.startsWith(root)) ? [] : [invalid(field, text, detail)];
  });
}
