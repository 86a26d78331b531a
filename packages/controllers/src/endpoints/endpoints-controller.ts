import { deepEqual, messageOf } from '@sampan/base';
import { type Client, keyOf, REFS, Reconciler, splitKey } from '@sampan/machinery';
import { type Controller, type ControllerContext, ignore, isTerminating, recorderOf } from '../controller.ts';
import { OwnWrites } from '../pods/own-writes.ts';
import type { EndpointParts } from './endpointslice-controller.ts';
import {
  ENDPOINTS_MANAGED_BY,
  type Endpoints,
  HEADLESS,
  isHeadless,
  LAST_CHANGE,
  LEADER,
  OVER_CAPACITY,
  type Service,
  selectsPods,
} from './objects.ts';
import { subsetsOf, truncateSubsets } from './subsets.ts';

const NAME = 'endpoint-controller';

/** Keeps the Endpoints of Services that select pods (upstream's endpoint controller). */
export function startEndpoints(
  context: ControllerContext,
  { informers, members }: Omit<EndpointParts, 'slices'>,
): Controller {
  const client = context.client(NAME);
  const { clock, log } = context;
  const events = recorderOf(context, client, NAME);
  const services = informers.of<Service>(REFS.services);
  const endpoints = informers.of<Endpoints>(REFS.endpoints);
  const own = new OwnWrites(endpoints);

  const reconcile = async (key: string) => {
    const { namespace, name } = splitKey(key);
    const service = services.get(namespace, name);
    const shown = endpoints.get(namespace, name);
    const [present] = own.over(shown ? [shown] : [], (object) => keyOf(object) === key);
    if (!service) {
      if (present && isOwn(present)) {
        await remove(client, present);
        own.deleted(present);
      }
      return undefined;
    }
    if (!selectsPods(service)) return undefined;
    const wanted = endpointsOf(service, subsetsOf(service, members.of(key)), present);
    if (wanted === present) return undefined;
    const written = await write(client, wanted, present !== undefined).catch((error: unknown) => {
      own.forget(wanted);
      const what = present ? 'FailedToUpdateEndpoint' : 'FailedToCreateEndpoint';
      const doing = present ? 'update endpoint' : 'create endpoint for service';
      const note = `Failed to ${doing} ${namespace}/${name}: ${messageOf(error)}`;
      events.record(wanted, { type: 'Warning', reason: what, note });
      throw error;
    });
    if (written) own.wrote(written);
    return undefined;
  };
  const reconciler = new Reconciler({ name: NAME, clock, log, reconcile });
  members.onChange((key) => reconciler.enqueue(key));
  endpoints.onChange(({ object }) => reconciler.enqueue(keyOf(object)));
  return {
    synced: informers.synced().then(() => reconciler.start()),
    async stop() {
      await reconciler.stop();
      events.stop();
    },
  };
}

const isOwn = ({ metadata }: Endpoints): boolean =>
  metadata.labels?.[ENDPOINTS_MANAGED_BY] === NAME && metadata.annotations?.[LEADER] === undefined;

async function remove(client: Client, { metadata }: Endpoints): Promise<void> {
  const { namespace, name = '', uid = '' } = metadata;
  await client
    .delete(REFS.endpoints, namespace, name, { preconditions: { uid } })
    .catch(ignore('NotFound', 'Conflict'));
}

/** Undefined when the namespace goes away. */
async function write(client: Client, wanted: Endpoints, exists: boolean): Promise<Endpoints | undefined> {
  if (exists) return client.update(REFS.endpoints, wanted);
  return client.create(REFS.endpoints, wanted).catch((error: unknown) => {
    if (!isTerminating(error)) throw error;
    return undefined;
  });
}

/** What the Endpoints of a Service should be; `present` itself when they are. Pure. */
export function endpointsOf(
  service: Service,
  all: NonNullable<Endpoints['subsets']>,
  present: Endpoints | undefined,
): Endpoints {
  const { namespace = '', name = '', labels: own } = service.metadata;
  const subsets = truncateSubsets(all);
  const labels: Record<string, string> = { ...own, [ENDPOINTS_MANAGED_BY]: NAME };
  if (isHeadless(service)) labels[HEADLESS] = '';
  else delete labels[HEADLESS];
  const { [OVER_CAPACITY]: capacity, [LAST_CHANGE]: _, ...others } = present?.metadata.annotations ?? {};
  const truncated = subsets !== all;
  if (
    present &&
    deepEqual(present.subsets ?? [], subsets) &&
    deepEqual(present.metadata.labels ?? {}, labels) &&
    (capacity === 'truncated') === truncated
  )
    return present;
  const annotations = truncated ? { ...others, [OVER_CAPACITY]: 'truncated' } : others;
  const { annotations: __, ...metadata } = present?.metadata ?? { namespace, name };
  const kept = Object.keys(annotations).length > 0 ? { annotations } : {};
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels, ...kept },
    ...(subsets.length > 0 ? { subsets } : {}),
  };
}
