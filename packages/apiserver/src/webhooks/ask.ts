import type { Logger } from '@sampan/base';
import { isObject } from '@sampan/base';
import type { AdmissionRequest } from '../admission/contract.ts';
import type { Authorizer } from '../auth/contract.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import { accessOf } from './access.ts';
import { admissionRequest, type Question, reviewFor, type Verdict, verdictOf } from './admission-review.ts';
import { CallError } from './call-error.ts';
import { convertBetween } from './convert.ts';
import type { HttpsCaller } from './https-caller.ts';
import { conditionsFailed } from './matching.ts';
import { callFailed, dryRunUnsupported, rejection } from './rejection.ts';
import { subjectOf } from './subject.ts';
import type { Hook } from './webhook-list.ts';

const WITHOUT_SIDE_EFFECTS: ReadonlySet<string> = new Set(['None', 'NoneOnDryRun']);

export interface Asking {
  readonly caller: HttpsCaller;
  readonly resources: () => ResourceTable;
  readonly log: Logger;
  /** For match conditions. */
  readonly authorizer: Authorizer;
}

/** The request as `definition`'s version shows it. */
export async function questionFor(
  resources: ResourceTable,
  request: AdmissionRequest,
  definition: Question['definition'],
): Promise<Question> {
  const { kind: requestKind, object, old } = subjectOf(request);
  const own = requestKind.kind === request.definition.kind && requestKind.group === request.definition.group;
  if (definition === request.definition || !own)
    return { request, kind: requestKind, definition, requestKind, object, old };
  const { group, version, kind } = definition;
  const convert = (value: typeof object) =>
    value && convertBetween(resources, request.definition, definition, value);
  return {
    request,
    kind: { group, version, kind },
    definition,
    requestKind,
    object: await convert(object),
    old: await convert(old),
  };
}

/** Do the webhook's match conditions hold? Throws Forbidden when that cannot be known and the webhook fails closed. */
export function conditionsHold({ authorizer }: Asking, hook: Hook, question: Question): boolean {
  if (hook.conditions.empty) return true;
  const outcome = hook.conditions.evaluate({
    object: question.object,
    oldObject: question.old,
    request: admissionRequest(question, ''),
    access: accessOf(authorizer, question.request),
  });
  if (outcome === 'match') return true;
  if (outcome === 'no match') return false;
  const failure = conditionsFailed(hook, question.request, outcome.error);
  if (failure) throw failure;
  return false;
}

/**
 * Asks one webhook. Resolves with its verdict when it allows the request, undefined when it could not be asked and
 * that is to be ignored; rejects with a StatusError otherwise.
 */
export async function ask(
  { caller, log }: Asking,
  hook: Hook,
  question: Question,
  mutating: boolean,
): Promise<Verdict | undefined> {
  const { webhook } = hook;
  const { request } = question;
  if (request.dryRun && !WITHOUT_SIDE_EFFECTS.has(webhook.sideEffects ?? ''))
    throw dryRunUnsupported(webhook.name);
  try {
    const { uid, review } = reviewFor(question, webhook.admissionReviewVersions);
    const answer = await caller.post(hook.target, review, hook.timeoutMs);
    const verdict = verdictOf(isObject(answer) ? answer : undefined, review, uid, mutating);
    for (const text of verdict.warnings) request.warn(text);
    for (const [key, value] of Object.entries(verdict.auditAnnotations))
      request.annotate(`${webhook.name}/${key}`, value);
    if (!verdict.allowed) throw rejection(webhook.name, verdict.result);
    return verdict;
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    if (webhook.failurePolicy !== 'Ignore')
      throw callFailed(webhook.name, `failed to call webhook: ${error.message}`);
    log.warn('a webhook could not be called and is ignored', { webhook: webhook.name, error: error.message });
    return undefined;
  }
}
