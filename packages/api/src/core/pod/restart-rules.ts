import type * as k8s from '../../generated/types.ts';
import { forbidden, notSupported, required, tooMany } from '../../meta/field-error.ts';
import { checkEnum } from './checks.ts';
import type { Errors } from './types.ts';

/** Restart policy and rules of single containers (KEP-5307). */
const POLICIES = ['Always', 'Never', 'OnFailure'];
const ACTIONS = ['Restart', 'RestartAllContainers'];
const OPERATORS = ['In', 'NotIn'];
const MAX_RULES = 20;
const MAX_CODES = 255;

export function validateRestartRules(container: k8s.Container, path: string, errors: Errors): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  if (restartPolicy === undefined) {
    if (rules.length > 0) {
      errors.push(
        required(`${path}.restartPolicy`, 'must specify restartPolicy when restart rules are used'),
      );
    }
  } else if (!POLICIES.includes(restartPolicy)) {
    errors.push(notSupported(`${path}.restartPolicy`, restartPolicy, POLICIES));
  }
  if (rules.length > MAX_RULES) errors.push(tooMany(`${path}.restartPolicyRules`, rules.length, MAX_RULES));
  rules.forEach((rule, i) => {
    validateRule(rule, `${path}.restartPolicyRules[${i}]`, errors);
  });
}

/** Sidecars restart always: rules would have no effect. */
export function forbidSidecarRules(container: k8s.Container, path: string, errors: Errors): void {
  if (container.restartPolicy === 'Always' && container.restartPolicyRules?.length) {
    errors.push(
      forbidden(`${path}.restartPolicyRules`, 'restartPolicyRules are not supported for sidecar containers'),
    );
  }
}

function validateRule(rule: k8s.ContainerRestartRule, path: string, errors: Errors): void {
  checkEnum(errors, `${path}.action`, rule.action, ACTIONS);
  const codes = rule.exitCodes;
  if (codes === undefined) {
    errors.push(required(`${path}.exitCodes`, 'must be specified'));
    return;
  }
  checkEnum(errors, `${path}.exitCodes.operator`, codes.operator, OPERATORS);
  const count = codes.values?.length ?? 0;
  if (count > MAX_CODES) errors.push(tooMany(`${path}.exitCodes.values`, count, MAX_CODES));
}
