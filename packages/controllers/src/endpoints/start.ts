import { REFS } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import type { Pod } from '../workloads/objects.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { startEndpoints } from './endpoints-controller.ts';
import { sliceInformer, startEndpointSlices } from './endpointslice-controller.ts';
import { startEndpointSliceMirroring } from './mirroring-controller.ts';
import type { Service } from './objects.ts';
import { ServiceMembers } from './service-members.ts';

/** Tells where Services lead: Endpoints, EndpointSlices, and slices of Endpoints that were made by hand. */
export function startServiceEndpoints(context: ControllerContext, informers: SharedInformers): Controller {
  const slices = sliceInformer(context, 'endpointslice-controller');
  const members = new ServiceMembers(informers.of<Service>(REFS.services), informers.of<Pod>(REFS.pods));
  const parts = { informers, members, slices };
  // these informers must be known before `informers.synced` is asked for
  informers.of(REFS.nodes);
  informers.of(REFS.endpoints);
  const controllers = [
    startEndpoints(context, parts),
    startEndpointSlices(context, parts),
    startEndpointSliceMirroring(context, parts),
  ];
  slices.start();
  return {
    synced: Promise.all(controllers.map(({ synced }) => synced)),
    async stop() {
      slices.stop();
      await Promise.all(controllers.map((controller) => controller.stop()));
    },
  };
}
