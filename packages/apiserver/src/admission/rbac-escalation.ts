import { checkEscalation, type EscalationContext, isEscalationChecked } from '../auth/rbac/escalation.ts';
import type { AdmissionPlugin } from './contract.ts';

/** Nobody hands out more than they hold, see `auth/rbac/escalation.ts`. */
export function rbacEscalation(context: EscalationContext): AdmissionPlugin {
  return {
    name: 'RBACEscalation',
    handles: ({ definition, operation, subresource }) =>
      subresource === '' &&
      (operation === 'CREATE' || operation === 'UPDATE') &&
      isEscalationChecked(definition.group, definition.resource),
    admit({ definition, namespace, name, operation, object, old, user }) {
      if (!object) return;
      const requestName = operation === 'CREATE' ? '' : name;
      checkEscalation({ resource: definition.resource, namespace, requestName, object, old, user }, context);
    },
  };
}
