import { customGenerationChanged, errors, invalid, type KubeObject } from '@sampan/api';
import { deepEqual } from '@sampan/base';
import { type Entry, RevisionMismatchError } from '@sampan/store';
import { Reservations } from '../admission/chain.ts';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { Cluster } from './cluster.ts';
import { create } from './create.ts';
import { encodeObject, type Rendered, render, renderObject } from './encoding.ts';
import { keepTimes, trackUpdate } from './field-manager.ts';
import { carrySystemFields, checkPlace } from './metadata.ts';
import { dedupOwnerReferences } from './owner-references.ts';
import { optionsFor, type RequestContext } from './request-context.ts';
import type { ServedResource } from './served-resource.ts';
import { throwIfInvalid, validateChanged } from './validation.ts';

const CONFLICT_TEXT =
  'the object has been modified; please apply your changes to the latest version and try again';

/** How often an update without a resourceVersion is tried again when others write the same object. */
const ATTEMPTS = 100;

export interface UpdatePlan {
  readonly namespace: string;
  readonly name: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /**
   * Makes the new object from the present one in the served version (frozen; undefined when there is none and
   * `createIfMissing`). Called again when somebody else wrote meanwhile. The result is decoded, defaulted and
   * the callee's own.
   */
  next(old: KubeObject | undefined): KubeObject | Promise<KubeObject>;
  /** Create when missing: PUT for kinds that allow it, and server-side apply. */
  readonly createIfMissing?: boolean;
  /** Throws Forbidden when the user may not create; called before a missing object is created. */
  readonly mayCreate?: () => void;
  /** `next` has set managedFields itself (server-side apply), or lets them be. */
  readonly applied?: boolean;
  /** A patch names no uid or version to hold to: what it sets is compared as any other field. */
  readonly patched?: boolean;
  /** Replaces the kind's rules of the main resource or of `status`: other subresources that write the object. */
  readonly rules?: SubresourceRules;
}

export interface SubresourceRules {
  prepareForUpdate?(object: KubeObject, old: KubeObject, context: { now: number }): void;
  validateUpdate?(
    object: KubeObject,
    old: KubeObject,
    context: { now: number },
  ): ReturnType<typeof validateChanged>;
}

export interface Updated extends Rendered {
  readonly created: boolean;
}

/** Reads, changes and writes an object until nobody interferes; throws `NotFound`, `Conflict`, `Invalid`, … */
export async function update(
  cluster: Cluster,
  resource: ServedResource,
  plan: UpdatePlan,
  context: RequestContext,
): Promise<Updated> {
  const key = resource.key(plan.namespace, plan.name);
  for (let attempt = 1; ; attempt++) {
    const entry = cluster.store.latest(key);
    try {
      if (entry) {
        const rendered = await updateOnce(cluster, resource, plan, entry, context);
        return { object: rendered.object, bytes: rendered.bytes, created: false };
      }
      return await createMissing(cluster, resource, plan, context);
    } catch (error) {
      if (!(error instanceof RevisionMismatchError)) throw error;
      if (attempt >= ATTEMPTS) throw errors.conflict(resource.gr, plan.name, CONFLICT_TEXT);
    }
  }
}

async function createMissing(
  cluster: Cluster,
  resource: ServedResource,
  plan: UpdatePlan,
  context: RequestContext,
): Promise<Updated> {
  if (!plan.createIfMissing) throw errors.notFound(resource.gr, plan.name);
  plan.mayCreate?.();
  const object = await plan.next(undefined);
  checkPlace(resource, object.metadata, plan.namespace, plan.name);
  const { uid, resourceVersion } = object.metadata;
  if (uid && plan.patched) {
    const text = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw errors.conflict(resource.gr, plan.name, text);
  }
  if (uid) throw uidConflict(resource, plan, uid, '');
  if (plan.patched) delete object.metadata.resourceVersion;
  else if (resourceVersion && resourceVersion !== '0') throw errors.notFound(resource.gr, plan.name);
  const rendered = await create(cluster, resource, plan.namespace, object, context, plan.applied);
  return { object: rendered.object, bytes: rendered.bytes, created: true };
}

async function updateOnce(
  cluster: Cluster,
  resource: ServedResource,
  plan: UpdatePlan,
  entry: Entry,
  context: RequestContext,
): Promise<Rendered> {
  const now = cluster.clock.now();
  if (resource.asks) await resource.prepare([entry]);
  const old = resource.objectOf(entry);
  const object = await plan.next(old);
  checkPlace(resource, object.metadata, plan.namespace, plan.name);
  checkPreconditions(resource, plan, object, old);
  object.metadata.resourceVersion = String(entry.revision);
  carrySystemFields(object.metadata, old.metadata);
  // before admission: what plug-ins and the server set is nobody's
  if (!plan.applied) trackUpdate(resource, old, object, plan.subresource, context, now);
  const request = admissionRequest(resource, plan, object, old, context);
  await cluster.admission.admit(request);
  dedupOwnerReferences(object, context.warn, ' after mutating admission happens');
  prepare(resource, plan, object, old, now);
  const reservations = new Reservations();
  try {
    await cluster.admission.allocate(request, reservations);
    keepTimes(old, object);
    throwIfInvalid(
      resource,
      object,
      validateChanged(resource, plan.subresource, object, old, { now, warn: context.warn }, plan.rules),
    );
    if (plan.subresource === '') {
      for (const text of resource.definition.rules.warnings?.(object, old) ?? []) context.warn(text);
    } else if (plan.subresource === 'status' && !plan.rules) {
      for (const text of resource.definition.rules.status?.warnings?.(object, old) ?? []) context.warn(text);
    }
    await cluster.admission.validate(request, reservations);
    if (deepEqual(object, old)) return render(resource, entry);
    if (context.dryRun) return renderObject(object);
    const rendered = await write(cluster, resource, entry, object);
    reservations.commit();
    return rendered;
  } finally {
    reservations.release();
  }
}

function admissionRequest(
  resource: ServedResource,
  plan: UpdatePlan,
  object: KubeObject,
  old: KubeObject,
  context: RequestContext,
): AdmissionRequest {
  return {
    operation: 'UPDATE',
    definition: resource.definition,
    subresource: plan.subresource,
    namespace: plan.namespace,
    name: plan.name,
    object,
    old,
    user: context.user,
    dryRun: context.dryRun,
    get options() {
      return optionsFor('UpdateOptions', context);
    },
    warn: context.warn,
    annotate: () => {},
  };
}

function prepare(
  resource: ServedResource,
  plan: UpdatePlan,
  object: KubeObject,
  old: KubeObject,
  now: number,
): void {
  if (plan.rules) {
    plan.rules.prepareForUpdate?.(object, old, { now });
  } else if (plan.subresource === 'status') {
    const status = resource.definition.rules.status;
    if (status?.prepareForUpdate) status.prepareForUpdate(object, old);
    else keepAllButStatus(object, old);
  } else {
    const { rules } = resource.definition;
    if (rules.prepareForUpdate) rules.prepareForUpdate(object, old, { now });
    else if (rules.status) keepStatus(object, old);
  }
  if (resource.hasGeneration && plan.subresource !== 'status' && desiredStateChanged(resource, object, old)) {
    object.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
}

function keepStatus(object: KubeObject, old: KubeObject): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}

/** The default of a status write: everything but status, labels and annotations stays. */
function keepAllButStatus(object: KubeObject, old: KubeObject): void {
  for (const key of Object.keys(object)) {
    if (key !== 'status' && key !== 'metadata' && !Object.hasOwn(old, key)) delete object[key];
  }
  for (const key of Object.keys(old)) if (key !== 'status' && key !== 'metadata') object[key] = old[key];
}

/** Generation counts changes of what is wanted: all but metadata and status; of some kinds annotations, too. */
function desiredStateChanged(resource: ServedResource, object: KubeObject, old: KubeObject): boolean {
  if (resource.custom) return customGenerationChanged(object, old);
  if (
    resource.definition.rules.generationOfAnnotations &&
    !deepEqual(object.metadata.annotations ?? {}, old.metadata.annotations ?? {})
  ) {
    return true;
  }
  if (Object.hasOwn(old, 'spec') || Object.hasOwn(object, 'spec')) {
    return !deepEqual(object.spec, old.spec);
  }
  const strip = ({ metadata: _m, status: _s, ...rest }: KubeObject) => rest;
  return !deepEqual(strip(object), strip(old));
}

function checkPreconditions(
  resource: ServedResource,
  plan: UpdatePlan,
  object: KubeObject,
  old: KubeObject,
): void {
  const { uid, resourceVersion } = object.metadata;
  if (uid && uid !== old.metadata.uid && !plan.patched) {
    throw uidConflict(resource, plan, uid, old.metadata.uid ?? '');
  }
  if (resourceVersion && resourceVersion !== '0') {
    if (!/^\d+$/.test(resourceVersion)) {
      throw errors.badRequest(
        `invalid resource version "${resourceVersion}": strconv.ParseUint: parsing "${resourceVersion}": invalid syntax`,
      );
    }
    if (resourceVersion !== old.metadata.resourceVersion)
      throw errors.conflict(resource.gr, plan.name, CONFLICT_TEXT);
  } else if (
    resource.definition.rules.unconditionalUpdate === false &&
    (plan.subresource === '' || plan.subresource === 'status' || resource.custom)
  ) {
    // upstream names the resource here where it names the kind elsewhere
    throw errors.invalid({ group: resource.gr.group, kind: resource.gr.resource }, plan.name, [
      invalid('metadata.resourceVersion', 0, 'must be specified for an update'),
    ]);
  }
}

/** Upstream's text names the key in its store (apiserver pkg/storage/errors.go). */
function uidConflict(resource: ServedResource, plan: UpdatePlan, wanted: string, found: string): Error {
  const place = resource.definition.namespaced ? `${plan.namespace}/${plan.name}` : plan.name;
  const collection = resource.custom ? `${resource.gr.group}/${resource.gr.resource}` : resource.gr.resource;
  return errors.conflict(
    resource.gr,
    plan.name,
    `StorageError: invalid object, Code: 4, Key: /registry/${collection}/${place}, ResourceVersion: 0, ` +
      `AdditionalErrorMsg: Precondition failed: UID in precondition: ${wanted}, UID in object meta: ${found}`,
  );
}

/** Writes, or deletes an object that was only waiting for its last finalizer. */
async function write(
  cluster: Cluster,
  resource: ServedResource,
  entry: Entry,
  object: KubeObject,
): Promise<Rendered> {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata;
  if (
    deletionTimestamp !== undefined &&
    !finalizers?.length &&
    !deletionGracePeriodSeconds &&
    !resource.holdsDeletion(object)
  ) {
    await cluster.store.delete(entry.key, { expected: entry.revision });
    return renderObject(object);
  }
  const stored = await cluster.store.put(entry.key, encodeObject(await resource.toStorage(object)), {
    expected: entry.revision,
  });
  if (resource.asks) await resource.prepare([stored]);
  return render(resource, stored);
}
