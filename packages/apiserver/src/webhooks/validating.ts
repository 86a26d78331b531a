import type { ObjectReader } from '@sampan/machinery';
import type { AdmissionPlugin, AdmissionRequest } from '../admission/contract.ts';
import { type Asking, ask, conditionsHold, questionFor } from './ask.ts';
import { isExempt, RequestMatcher } from './matching.ts';
import type { Hook, WebhookList } from './webhook-list.ts';

/** Asks all webhooks that a request concerns at once (apiserver plugin/webhook/validating). */
export function validatingWebhooks(list: WebhookList, reader: ObjectReader, asking: Asking): AdmissionPlugin {
  const matcher = new RequestMatcher(reader, asking.resources);
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: ({ definition }) => !isExempt(definition, 'webhooks'),
    validate: (request) =>
      list.hooks.length === 0 ? undefined : validate(list.hooks, matcher, asking, request),
  };
}

/** Undefined when no webhook is concerned: nothing has to be waited for. */
function validate(
  hooks: readonly Hook[],
  matcher: RequestMatcher,
  asking: Asking,
  request: AdmissionRequest,
): Promise<undefined> | undefined {
  const concerned = hooks.flatMap((hook) => {
    const definition = matcher.match(hook.criteria, request);
    return definition ? [{ hook, definition }] : [];
  });
  if (concerned.length === 0) return undefined;
  return askAll(concerned, asking, request);
}

async function askAll(
  concerned: readonly { hook: Hook; definition: AdmissionRequest['definition'] }[],
  asking: Asking,
  request: AdmissionRequest,
): Promise<undefined> {
  const outcomes = await Promise.allSettled(
    concerned.map(async ({ hook, definition }) => {
      const question = await questionFor(asking.resources(), request, definition);
      if (conditionsHold(asking, hook, question)) await ask(asking, hook, question, false);
    }),
  );
  // upstream answers with whichever came first; the order of configurations is the same each time
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  return undefined;
}
