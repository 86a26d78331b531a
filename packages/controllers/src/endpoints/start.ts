import { matcherOfLabels } from '@sampan/api';
import { REFS } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { SelectedPods } from '../pods/selected-pods.ts';
import type { Pod } from '../workloads/objects.ts';
import type { SharedInformers } from '../workloads/shared-informers.ts';
import { startEndpoints } from './endpoints-controller.ts';
import { sliceInformer, startEndpointSlices } from './endpointslice-controller.ts';
import { startEndpointSliceMirroring } from './mirroring-controller.ts';
import { type Service, selectsPods } from './objects.ts';
import { endpointTraits } from './pod-endpoint.ts';

/** Tells where Services lead: Endpoints, EndpointSlices, and slices of Endpoints that were made by hand. */
export function startServiceEndpoints(context: ControllerContext, informers: SharedInformers): Controller {
  const slices = sliceInformer(context, 'endpointslice-controller');
  const members = new SelectedPods<Service>({
    owners: informers.of<Service>(REFS.services),
    pods: informers.of<Pod>(REFS.pods),
    matcherOf: (service) => (selectsPods(service) ? matcherOfLabels(service.spec.selector) : undefined),
    traitsOf: endpointTraits,
  });
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
