import {
  applyJsonPatch,
  errors,
  type KubeObject,
  type MutatingPolicy,
  type MutationProgram,
  mergeConfiguration,
  type ResourceDefinition,
  StatusError,
} from '@sampan/api';
import { deepEqual } from '@sampan/base';
import type { AdmissionPlugin, AdmissionRequest } from '../admission/contract.ts';
import { resourceOf } from '../admission/forbidden.ts';
import type { Question } from '../webhooks/admission-review.ts';
import { questionFor } from '../webhooks/ask.ts';
import { isExempt } from '../webhooks/matching.ts';
import { takeOver } from '../webhooks/patched-object.ts';
import { namespaceOf } from '../webhooks/subject.ts';
import { collectParams, PolicyConfigurationError } from './params.ts';
import { inputOf, type PolicyContext } from './policy-context.ts';
import type { Binding, BoundMutatingPolicy, PolicyList } from './policy-list.ts';

/** Why a policy could not do its work; the request is then refused, unless the policy says otherwise. */
class MutationError extends Error {}

/** Changes in CEL instead of webhooks (KEP-3962; apiserver plugin/policy/mutating). */
export function mutatingPolicies(
  list: PolicyList<MutatingPolicy, MutationProgram>,
  context: PolicyContext,
): AdmissionPlugin {
  const rounds = new WeakMap<AdmissionRequest, { number: number; changed: boolean }>();
  return {
    name: 'MutatingAdmissionPolicy',
    handles: ({ definition, operation }) => !isExempt(definition, 'policies') && operation !== 'DELETE',
    admit(request) {
      if (list.policies.length === 0 || !request.object) return undefined;
      const round = { number: (rounds.get(request)?.number ?? -1) + 1, changed: false };
      const concerned = list.policies.filter(
        ({ policy, criteria }) =>
          (round.number === 0 || policy.spec.reinvocationPolicy === 'IfNeeded') &&
          context.matcher.match(criteria, request),
      );
      if (concerned.length === 0) return undefined;
      rounds.set(request, round);
      return mutateAll(context, concerned, request).then((changed) => {
        round.changed = changed;
      });
    },
    // others see what policies made, too
    again: (request) => {
      const round = rounds.get(request);
      return round !== undefined && round.number === 0 && round.changed;
    },
  };
}

async function mutateAll(
  context: PolicyContext,
  concerned: readonly BoundMutatingPolicy[],
  request: AdmissionRequest,
): Promise<boolean> {
  let changed = false;
  for (const bound of concerned) {
    for (const binding of bound.bindings) {
      // what a policy before changed may be what this one selects by
      const definition = context.matcher.match(bound.criteria, request);
      if (!definition || (binding.criteria && !context.matcher.match(binding.criteria, request))) continue;
      try {
        if (await mutate(context, bound, binding, request, definition)) changed = true;
      } catch (error) {
        if (!(error instanceof MutationError) && !(error instanceof PolicyConfigurationError)) throw error;
        if (bound.policy.spec.failurePolicy !== 'Ignore') throw denied(request, bound, binding, error);
      }
    }
  }
  return changed;
}

async function mutate(
  context: PolicyContext,
  { policy, program }: BoundMutatingPolicy,
  { binding }: Binding,
  request: AdmissionRequest,
  definition: ResourceDefinition,
): Promise<boolean> {
  const { reader } = context;
  const { paramKind } = policy.spec;
  const { paramRef } = binding.spec;
  const all = await collectParams(reader, context.resources(), paramKind, paramRef, namespaceOf(request));
  let changed = false;
  for (const params of all) {
    const question = await questionFor(context.resources(), request, definition);
    const holds = program.matches({ ...inputOf(context, question), params });
    if (typeof holds !== 'boolean') throw new MutationError(holds.error);
    for (let i = 0; holds && i < program.count; i++)
      if (await mutateOnce(context, program, i, request, definition, params)) changed = true;
  }
  return changed;
}

/** Each mutation sees what those before it made. */
async function mutateOnce(
  context: PolicyContext,
  program: MutationProgram,
  index: number,
  request: AdmissionRequest,
  definition: ResourceDefinition,
  params: KubeObject | undefined,
): Promise<boolean> {
  const question = await questionFor(context.resources(), request, definition);
  const mutation = program.mutation(index, { ...inputOf(context, question), params });
  if ('error' in mutation) throw new MutationError(mutation.error);
  const { object } = question;
  if (!object) return false;
  const next =
    'patch' in mutation
      ? patched(object, mutation.patch)
      : configured(question, object, mutation.configuration);
  return !deepEqual(next, object) && takeOver(context.resources(), question, next);
}

function patched(object: KubeObject, operations: readonly unknown[]): KubeObject {
  try {
    return applyJsonPatch(object, operations) as KubeObject;
  } catch (error) {
    if (error instanceof StatusError) throw new MutationError(error.message);
    throw error;
  }
}

/** Fields that a configuration may not set: they say which object it is. */
const IDENTITY = ['name', 'namespace', 'uid', 'generateName'];

function configured(
  { definition }: Question,
  object: KubeObject,
  configuration: Readonly<Record<string, unknown>>,
): KubeObject {
  const metadata = configuration.metadata as Record<string, unknown> | undefined;
  const field = IDENTITY.find(
    (name) => metadata !== undefined && metadata !== null && Object.hasOwn(metadata, name),
  );
  if (field !== undefined) throw new MutationError(`metadata.${field} may not be mutated`);
  return mergeConfiguration(object, configuration, definition.schema) as KubeObject;
}

function denied(
  request: AdmissionRequest,
  { policy }: BoundMutatingPolicy,
  { binding }: Binding,
  { message }: Error,
): StatusError {
  const text = `policy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`;
  const error = errors.forbidden(resourceOf(request), request.name, text);
  error.status.message = text;
  error.status.details = { ...error.status.details, causes: [{ message: text }] };
  return error;
}
