import type { KindRules } from '../../kinds/resource.ts';
import { nameIsDns1035Label } from '../shared.ts';
import { normalizeClusterIps } from './cluster-ips.ts';
import { setServiceDefaults } from './defaults.ts';
import { validateServiceStatus } from './load-balancer.ts';
import { dropTypeDependentFields, keepAllocatedValues } from './type-change.ts';
import { validateService, validateServiceUpdate } from './validation.ts';
import { serviceWarnings } from './warnings.ts';

/**
 * Services without their allocated values: the API server allocates cluster IPs and node ports between
 * `prepareForCreate`/`prepareForUpdate` and validation (see its service allocators), as upstream's
 * beginCreate and beginUpdate do.
 */
export const serviceRules: KindRules = {
  setDefaults: setServiceDefaults,
  prepareForCreate(service) {
    service.status = { loadBalancer: {} };
    normalizeClusterIps(service);
  },
  prepareForUpdate(service, old) {
    service.status = old.status;
    keepAllocatedValues(service, old);
    normalizeClusterIps(service, old);
    dropTypeDependentFields(service, old);
  },
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  validateName: nameIsDns1035Label,
  status: {
    prepareForUpdate(service, old) {
      service.spec = old.spec;
    },
    validateUpdate: validateServiceStatus,
  },
  createOnUpdate: true,
  generation: false,
  selectableFields: {
    'spec.clusterIP': (service) => service.spec?.clusterIP ?? '',
    'spec.type': (service) => service.spec?.type ?? '',
  },
};
