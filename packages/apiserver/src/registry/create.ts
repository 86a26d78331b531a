import { errors, type KubeObject } from '@sampan/api';
import { RevisionMismatchError } from '@sampan/store';
import { Reservations } from '../admission/chain.ts';
import type { AdmissionRequest } from '../admission/contract.ts';
import { forbidCreate } from '../crd/terminating.ts';
import type { Cluster } from './cluster.ts';
import { encodeObject, type Rendered, render, renderObject } from './encoding.ts';
import { trackCreate } from './field-manager.ts';
import { fillSystemFields, generateName, placeNew } from './metadata.ts';
import { dedupOwnerReferences } from './owner-references.ts';
import { optionsFor, type RequestContext } from './request-context.ts';
import type { ServedResource } from './served-resource.ts';
import { throwIfInvalid, validateNew } from './validation.ts';

/** How often a generated name that is taken is replaced by another (KEP-4420). */
const NAME_ATTEMPTS = 8;

/**
 * Stores a new object. `object` is decoded, defaulted and the caller's own: it is changed and then frozen.
 * `tracked`: its managedFields are set already (server-side apply).
 * Throws `AlreadyExists`, `Invalid`, and what admission says.
 */
export async function create(
  cluster: Cluster,
  resource: ServedResource,
  namespace: string,
  object: KubeObject,
  context: RequestContext,
  tracked = false,
): Promise<Rendered> {
  const meta = object.metadata;
  placeNew(resource, meta, namespace);
  if (!tracked) dedupOwnerReferences(object, context.warn, '');
  // before admission: what plug-ins and the server set is nobody's
  if (!tracked) trackCreate(resource, object, context, cluster.clock.now());
  const generated = (meta.name === undefined || meta.name === '') && Boolean(meta.generateName);
  for (let attempt = 1; ; attempt++) {
    const candidate = generated && attempt < NAME_ATTEMPTS ? structuredClone(object) : object;
    if (generated) candidate.metadata.name = generateName(meta.generateName as string);
    try {
      return await createNamed(cluster, resource, namespace, candidate, context);
    } catch (error) {
      if (!(error instanceof RevisionMismatchError)) throw error;
      if (generated && attempt < NAME_ATTEMPTS) continue;
      throw alreadyExists(resource, candidate.metadata.name ?? '', generated);
    }
  }
}

async function createNamed(
  cluster: Cluster,
  resource: ServedResource,
  namespace: string,
  object: KubeObject,
  context: RequestContext,
): Promise<Rendered> {
  const now = cluster.clock.now();
  const { rules } = resource.definition;
  const versioned = hasVersion(object.metadata.resourceVersion);
  fillSystemFields(object, now);
  const request: AdmissionRequest = {
    operation: 'CREATE',
    definition: resource.definition,
    subresource: '',
    namespace,
    name: object.metadata.name ?? '',
    object,
    old: undefined,
    user: context.user,
    dryRun: context.dryRun,
    get options() {
      return optionsFor('CreateOptions', context);
    },
    warn: context.warn,
    annotate: () => {},
  };
  forbidCreate(resource, request.name);
  await cluster.admission.admit(request);
  dedupOwnerReferences(object, context.warn, ' after mutating admission happens');
  if (resource.hasGeneration) object.metadata.generation = 1;
  rules.prepareForCreate?.(object, { now });
  const reservations = new Reservations();
  try {
    await cluster.admission.allocate(request, reservations);
    throwIfInvalid(resource, object, validateNew(resource, object, { now }));
    for (const text of rules.warnings?.(object, undefined) ?? []) context.warn(text);
    const key = resource.key(namespace, object.metadata.name as string);
    await cluster.admission.validate(request, reservations);
    if (context.dryRun) {
      const current = cluster.store.latest(key);
      if (current) throw new RevisionMismatchError(key, 0, current);
      return renderObject(object);
    }
    if (versioned) throw errors.badRequest('resourceVersion should not be set on objects to be created');
    const entry = await cluster.store.put(key, encodeObject(await resource.toStorage(object)), {
      expected: 0,
    });
    await resource.prepare([entry]);
    reservations.commit();
    return render(resource, entry);
  } finally {
    reservations.release();
  }
}

/** Upstream answers these with 500, from its store (apiserver pkg/storage/errors.go ErrResourceVersionSetOnCreate). */
function hasVersion(version: string | undefined): boolean {
  return version !== undefined && /^[1-9]\d*$/.test(version);
}

function alreadyExists(resource: ServedResource, name: string, generated: boolean): Error {
  const error = errors.alreadyExists(resource.gr, name);
  if (!generated) return error;
  error.status.message += ', the server was not able to generate a unique name for the object';
  if (error.status.details) error.status.details.retryAfterSeconds = 1;
  return error;
}
