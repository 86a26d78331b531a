import { errors, isCustomResource } from '@sampan/api';
import type { ServedResource } from '../registry/served-resource.ts';

/** Refuses a new object whose definition is being deleted (apiextensions-apiserver forbidCreateAdmission). */
export function forbidCreate({ definition, gr }: ServedResource, name: string): void {
  if (!isCustomResource(definition) || !definition.terminating) return;
  throw errors.forbidden(gr, name, 'create not allowed while custom resource definition is terminating');
}
