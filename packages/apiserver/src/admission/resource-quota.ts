import type { ResourceQuotas } from '../quota/resource-quotas.ts';
import type { AdmissionPlugin } from './contract.ts';
import { forbid } from './forbidden.ts';

/** What a namespace may use is not exceeded, see `quota/resource-quotas.ts`. */
export function resourceQuota(quotas: ResourceQuotas): AdmissionPlugin {
  return {
    name: 'ResourceQuota',
    handles: ({ definition, operation, subresource }) =>
      definition.namespaced && quotas.counts(definition, operation, subresource),
    validate(request) {
      if (!quotas.hasAny(request.namespace)) return undefined;
      const result = quotas.reserve(request);
      if (typeof result === 'string') throw forbid(request, result);
      return result;
    },
  };
}
