import { errors, isCustomResource, StatusError } from '@sampan/api';
import type { ServedResource } from '../registry/served-resource.ts';

const NOT_ALLOWED = 'create not allowed while custom resource definition is terminating';

const isTerminating = ({ definition }: ServedResource): boolean =>
  isCustomResource(definition) && definition.terminating;

/** Refuses a POST of an object whose definition is being deleted (apiextensions-apiserver customresource_handler.go). */
export function refuseCreate(resource: ServedResource): void {
  if (!isTerminating(resource)) return;
  const { group, resource: kind } = resource.gr;
  throw new StatusError('MethodNotAllowed', NOT_ALLOWED, { group, kind });
}

/** The same for an apply that would create; upstream's admission answers it (forbidCreateAdmission). */
export function forbidCreate(resource: ServedResource, name: string): void {
  if (isTerminating(resource)) throw errors.forbidden(resource.gr, name, NOT_ALLOWED);
}
