import type { ObjectReader } from '@sampan/machinery';
import type { ServiceAllocators } from '../allocators/service-allocators.ts';
import type { AdmissionPlugin, Reservation } from './contract.ts';
import { on } from './forbidden.ts';

/** Gives Services their addresses and node ports; takes them back from those that are gone. */
export function serviceAllocation(services: ServiceAllocators): AdmissionPlugin {
  return {
    name: 'ServiceAllocation',
    handles: on('services', 'CREATE UPDATE'),
    allocate({ operation, object, old, dryRun }): Reservation | undefined {
      if (!object) return undefined;
      const taken =
        operation === 'CREATE' || !old
          ? services.allocateCreate(object, dryRun)
          : services.allocateUpdate(object, old, dryRun);
      return { commit: () => taken.commit(), release: () => taken.revert() };
    },
  };
}

/** Follows deletions; the returned function ends it. */
export const releaseDeletedServices = (reader: ObjectReader, services: ServiceAllocators): (() => void) =>
  reader.watch('services', ({ type, object }) => {
    if (type === 'deleted') services.release(object);
  });
