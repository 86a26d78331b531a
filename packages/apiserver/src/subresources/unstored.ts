import { errors, type KubeObject } from '@sampan/api';
import type { Review } from '../auth/reviews/contract.ts';
import { REVIEWS } from '../auth/reviews/reviews.ts';
import type { ApiContext } from '../http/api-context.ts';
import type { Exchange } from '../http/exchange.ts';
import { sendValue, viewOf } from '../http/render.ts';
import { bodyObject } from '../http/request-body.ts';
import { writeContext } from '../http/write-options.ts';
import { trackCreate } from '../registry/field-manager.ts';
import { placeNew } from '../registry/metadata.ts';
import type { RequestContext } from '../registry/request-context.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { admitted } from './admitted.ts';
import { bindPod } from './binding.ts';
import { notServed } from './not-served.ts';

type Server = (api: ApiContext, exchange: Exchange, resource: ServedResource) => void | Promise<void>;

/** Resources that are answered and never stored, by collection. The verb has been checked. */
export const unstored: ReadonlyMap<string, Server> = new Map<string, Server>([
  ['bindings', serveBinding],
  ['componentstatuses', serveComponents],
  ...[...REVIEWS].map(([collection, review]): [string, Server] => [collection, reviewServer(review)]),
]);

/** What is never stored and never listed has no columns. */
const WITHOUT_TABLE = false;

/** `POST bindings`: the pod's name is in the body. */
async function serveBinding(api: ApiContext, exchange: Exchange, resource: ServedResource): Promise<void> {
  const context = writeContext(exchange, 'CreateOptions');
  const view = viewOf(exchange, WITHOUT_TABLE);
  const { namespace } = exchange.info;
  const binding = await bodyObject(exchange, resource, context);
  placeNew(resource, binding.metadata, namespace);
  const pods = api.cluster.resources.get('', 'v1', 'pods');
  if (!pods) throw errors.pageNotFound();
  const name = binding.metadata.name ?? '';
  sendValue(exchange, view, 201, await bindPod(api, pods, namespace, name, binding, context));
}

function reviewServer(review: Review): Server {
  return async (api, exchange, resource) => {
    const context = writeContext(exchange, 'CreateOptions');
    const view = viewOf(exchange, WITHOUT_TABLE);
    const { namespace } = exchange.info;
    const object = await bodyObject(exchange, resource, context);
    sendValue(exchange, view, 201, await answerReview(api, resource, review, namespace, object, context));
  };
}

/** The answer to a review; `object` is decoded and changed. */
export async function answerReview(
  api: ApiContext,
  resource: ServedResource,
  review: Review,
  namespace: string,
  object: KubeObject,
  context: RequestContext,
): Promise<KubeObject> {
  const { auth } = api;
  if (!auth) throw notServed(resource.definition.resource);
  placeNew(resource, object.metadata, namespace);
  trackCreate(resource, object, context, api.cluster.clock.now());
  const target = { namespace, name: object.metadata.name ?? '', subresource: '', object };
  return admitted(api.cluster, resource, target, context, async () =>
    review(object, {
      user: context.user,
      namespace,
      authorizer: api.authorizer,
      ruleResolver: auth.ruleResolver,
      authenticator: auth.authenticator,
      audiences: auth.audiences,
      now: api.cluster.clock.now(),
    }),
  );
}

/** The components that upstream looked at here are not separate processes: there are none. */
function serveComponents(api: ApiContext, exchange: Exchange): void {
  const { name } = exchange.info;
  if (name !== '') throw errors.notFound({ group: '', resource: 'componentstatuses' }, name);
  sendValue(exchange, viewOf(exchange), 200, {
    kind: 'ComponentStatusList',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(api.cluster.store.revision) },
    items: [],
  });
}
