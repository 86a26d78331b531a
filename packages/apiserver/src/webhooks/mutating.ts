import { applyJsonPatch, errors, type KubeObject, StatusError } from '@sampan/api';
import { deepEqual, parseExactJson } from '@sampan/base';
import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin, AdmissionRequest } from '../admission/contract.ts';
import type { Question } from './admission-review.ts';
import { type Asking, ask, conditionsHold, questionFor } from './ask.ts';
import { isExempt, RequestMatcher } from './matching.ts';
import { takeOver } from './patched-object.ts';
import { Reinvocation } from './reinvocation.ts';
import type { Hook, WebhookList } from './webhook-list.ts';

/** Asks webhooks one after the other, each with what the one before made (apiserver plugin/webhook/mutating). */
export function mutatingWebhooks(list: WebhookList, reader: ObjectReader, asking: Asking): AdmissionPlugin {
  const matcher = new RequestMatcher(reader, asking.resources);
  const rounds = new WeakMap<AdmissionRequest, Reinvocation>();
  return {
    name: 'MutatingAdmissionWebhook',
    handles: ({ definition }) => !isExempt(definition, 'webhooks'),
    admit(request) {
      const { hooks } = list;
      if (hooks.length === 0) return undefined;
      const known = rounds.get(request);
      if (!known && !hooks.some((hook) => matcher.match(hook.criteria, request))) return undefined;
      const round = known ?? new Reinvocation();
      rounds.set(request, round);
      round.begin(request.object, known !== undefined);
      return admit(hooks, matcher, asking, request, round);
    },
    again: (request) => rounds.get(request)?.wanted ?? false,
  };
}

async function admit(
  hooks: readonly Hook[],
  matcher: RequestMatcher,
  asking: Asking,
  request: AdmissionRequest,
  round: Reinvocation,
): Promise<void> {
  for (const [index, hook] of hooks.entries()) {
    // what an earlier webhook changed may be what this one selects by
    const definition = matcher.match(hook.criteria, request);
    if (!definition || !round.includes(hook)) continue;
    const question = await questionFor(asking.resources(), request, definition);
    if (!conditionsHold(asking, hook, question)) continue;
    const verdict = await ask(asking, hook, question, true);
    const changed =
      verdict !== undefined && verdict.patch !== '' && (await patch(hook, question, verdict.patch, asking));
    const mutation = { configuration: hook.configuration, webhook: hook.webhook.name, mutated: changed };
    request.annotate(
      `mutation.webhook.admission.k8s.io/round_${round.number}_index_${index}`,
      JSON.stringify(mutation),
    );
    round.called(hook, changed);
  }
  round.end(request.object);
}

/** Applies the patch to the object of the request; true when that changed it. */
async function patch(hook: Hook, question: Question, text: string, asking: Asking): Promise<boolean> {
  const { request, object } = question;
  const operations = parsePatch(text);
  if (Array.isArray(operations) && operations.length === 0) return false;
  if (!object || !request.object) {
    const name = JSON.stringify(hook.webhook.name);
    throw errors.internal(
      `admission webhook ${name} attempted to modify the object, which is not supported for this operation`,
    );
  }
  const patched = applied(object, operations);
  if (deepEqual(patched, object)) return false;
  return takeOver(asking.resources(), question, patched);
}

function parsePatch(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    throw errors.internal((error as Error).message);
  }
}

function applied(object: KubeObject, operations: unknown): KubeObject {
  try {
    return applyJsonPatch(object, operations) as KubeObject;
  } catch (error) {
    // a patch that does not fit is the webhook's mistake, not the client's
    if (error instanceof StatusError) throw errors.internal(error.message);
    throw error;
  }
}
