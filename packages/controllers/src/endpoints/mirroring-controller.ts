import { type EventRecorder, keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, recorderOf } from '../controller.ts';
import { OwnWrites } from '../pods/own-writes.ts';
import { type EndpointParts, sliceOwnerKey } from './endpointslice-controller.ts';
import { MIRROR_MANAGER, type MirrorPlan, MOST_MIRRORED, planMirror, shouldMirror } from './mirror.ts';
import type { Endpoints, Service } from './objects.ts';
import { writeSlices } from './write-slices.ts';

const NAME = 'endpointslice-mirroring-controller';

/** Mirrors Endpoints of Services without selectors to EndpointSlices (KEP-0752). */
export function startEndpointSliceMirroring(
  context: ControllerContext,
  { informers, slices }: Omit<EndpointParts, 'members'>,
): Controller {
  const { clock, log } = context;
  const client = context.client(NAME);
  const events = recorderOf(context, client, NAME);
  const services = informers.of<Service>(REFS.services);
  const endpoints = informers.of<Endpoints>(REFS.endpoints);
  const own = new OwnWrites(slices);

  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const present = endpoints.get(namespace, name);
    const owner = `${key} ${MIRROR_MANAGER}`;
    const existing = own.over(slices.byIndex('owner', owner), (slice) => sliceOwnerKey(slice) === owner);
    if (!present || !shouldMirror(present, services.get(namespace, name))) {
      await writeSlices(client, own, { create: [], update: [], remove: existing }, false);
      return undefined;
    }
    const plan = planMirror(present, existing);
    tellOfSkipped(events, present, plan);
    await writeSlices(client, own, plan, present.metadata.deletionTimestamp === undefined);
    return undefined;
  };
  const reconciler = new Reconciler({ name: NAME, clock, log, reconcile });
  const enqueue = ({ object }: { object: Endpoints | Service }) => reconciler.enqueue(keyOf(object));
  services.onChange(enqueue);
  endpoints.onChange(enqueue);
  slices.onChange(({ object }) => {
    const [service = '', manager] = sliceOwnerKey(object).split(' ');
    if (manager === MIRROR_MANAGER) reconciler.enqueue(service);
  });
  return {
    synced: Promise.all([informers.synced(), slices.synced()]).then(() => reconciler.start()),
    async stop() {
      await reconciler.stop();
      events.stop();
    },
  };
}

function tellOfSkipped(events: EventRecorder, endpoints: Endpoints, { invalid, skipped }: MirrorPlan): void {
  if (invalid > 0) {
    const note = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
    events.record(endpoints, { type: 'Warning', reason: 'InvalidIPAddress', note });
  }
  if (skipped > invalid) {
    const most = `A max of ${MOST_MIRRORED} addresses can be mirrored to EndpointSlices per Endpoints subset.`;
    const note = `${most} ${skipped} addresses were skipped`;
    events.record(endpoints, { type: 'Warning', reason: 'TooManyAddressesToMirror', note });
  }
}
