import type { RegistryError } from '../errors/registry-error.ts';
import type { HubResponse } from './message.ts';

/** The answer that tells of an error. */
export function refusal(error: RegistryError): HubResponse {
  const headers = { 'content-type': 'application/json', ...error.headers };
  return { status: error.status, headers, body: error.toBody() };
}
