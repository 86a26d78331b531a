import {
  type AskAccess,
  AuthorizerValue,
  type ResourcePlace,
} from '../apiextensions/cel/authorizer-values.ts';
import type { Variables } from '../apiextensions/cel/dynamic.ts';
import { simple } from '../apiextensions/cel/types.ts';
import type { CelValue } from '../apiextensions/cel/values.ts';

/** What expressions of admission can ask: may the user of the request do something? */
export interface AccessInput {
  readonly ask: AskAccess;
  /** What the request itself is about. */
  readonly requestResource: ResourcePlace;
}

const AUTHORIZER = 'authorizer';
const REQUEST_RESOURCE = 'authorizer.requestResource';

export const ACCESS_VARIABLES: Variables = new Map([
  [AUTHORIZER, simple('kubernetes.authorization.Authorizer')],
  [REQUEST_RESOURCE, simple('kubernetes.authorization.ResourceCheck')],
]);

export function accessValues({ ask, requestResource }: AccessInput): Record<string, CelValue> {
  const authorizer = new AuthorizerValue(ask);
  return { [AUTHORIZER]: authorizer, [REQUEST_RESOURCE]: authorizer.resource(requestResource) };
}
