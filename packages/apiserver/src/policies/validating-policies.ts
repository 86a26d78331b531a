import {
  type PolicyProgram,
  STATUS_CODES,
  type StatusError,
  type StatusReason,
  type ValidatingPolicy,
} from '@sampan/api';
import type { AdmissionPlugin, AdmissionRequest } from '../admission/contract.ts';
import { forbid } from '../admission/forbidden.ts';
import type { Question } from '../webhooks/admission-review.ts';
import { questionFor } from '../webhooks/ask.ts';
import { isExempt } from '../webhooks/matching.ts';
import { namespaceOf } from '../webhooks/subject.ts';
import { collectParams, PolicyConfigurationError } from './params.ts';
import { inputOf, type PolicyContext } from './policy-context.ts';
import type { Binding, BoundValidatingPolicy, PolicyList } from './policy-list.ts';

interface Denial {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

/** Rules in CEL instead of webhooks (KEP-3488; apiserver plugin/policy/validating). */
export function validatingPolicies(
  list: PolicyList<ValidatingPolicy, PolicyProgram>,
  context: PolicyContext,
): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: ({ definition }) => !isExempt(definition, 'policies'),
    validate(request) {
      const { policies } = list;
      if (policies.length === 0) return undefined;
      const concerned = policies.flatMap((bound) => {
        const definition = context.matcher.match(bound.criteria, request);
        return definition ? [{ bound, definition }] : [];
      });
      return concerned.length === 0 ? undefined : judge(context, concerned, request);
    },
  };
}

async function judge(
  context: PolicyContext,
  concerned: readonly { bound: BoundValidatingPolicy; definition: AdmissionRequest['definition'] }[],
  request: AdmissionRequest,
): Promise<undefined> {
  const denials: Denial[] = [];
  for (const { bound, definition } of concerned) {
    const question = await questionFor(context.resources(), request, definition);
    for (const binding of bound.bindings) {
      if (binding.criteria && !context.matcher.match(binding.criteria, request)) continue;
      denials.push(...(await judgeBinding(context, bound, binding, question)));
    }
  }
  const [first] = denials;
  if (first) throw denied(request, first);
  return undefined;
}

async function judgeBinding(
  context: PolicyContext,
  { policy, program }: BoundValidatingPolicy,
  { binding }: Binding,
  question: Question,
): Promise<Denial[]> {
  const { request } = question;
  const names = { policy: policy.metadata.name ?? '', binding: binding.metadata.name ?? '' };
  try {
    const params = await collectParams(
      context.reader,
      context.resources(),
      policy.spec.paramKind,
      binding.spec.paramRef,
      namespaceOf(request),
    );
    const input = inputOf(context, question);
    return params.flatMap((param) => {
      const { failures, auditAnnotations } = program.evaluate({ ...input, params: param });
      for (const [key, value] of Object.entries(auditAnnotations))
        request.annotate(`${names.policy}/${key}`, value);
      return failures.flatMap(({ message, reason = 'Invalid', index }) => {
        tell(request, binding.spec.validationActions ?? [], names, message, index ?? 0);
        return binding.spec.validationActions?.includes('Deny') ? [{ ...names, message, reason }] : [];
      });
    });
  } catch (error) {
    if (!(error instanceof PolicyConfigurationError)) throw error;
    if (policy.spec.failurePolicy === 'Ignore') return [];
    return [{ ...names, message: `failed to configure binding: ${error.message}`, reason: 'Invalid' }];
  }
}

/** What the actions Warn and Audit do. */
function tell(
  request: AdmissionRequest,
  actions: readonly string[],
  { policy, binding }: { policy: string; binding: string },
  message: string,
  expressionIndex: number,
): void {
  if (actions.includes('Warn'))
    request.warn(
      `Validation failed for ValidatingAdmissionPolicy '${policy}' with binding '${binding}': ${message}`,
    );
  if (!actions.includes('Audit')) return;
  const failure = { message, policy, binding, expressionIndex, validationActions: actions };
  request.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]));
}

function denied(request: AdmissionRequest, { policy, binding, message, reason }: Denial): StatusError {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const error = forbid(request, text);
  error.status.reason = reason;
  error.status.code = STATUS_CODES[reason as StatusReason];
  error.status.details = { ...error.status.details, causes: [{ message: text }] };
  return error;
}
