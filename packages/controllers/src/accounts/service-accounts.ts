import { REFS } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { startEachNamespace } from './each-namespace.ts';

/** A ServiceAccount `default` for every namespace (upstream's serviceaccount controller). */
export function startServiceAccounts(context: ControllerContext): Controller {
  return startEachNamespace(context, {
    name: 'service-account-controller',
    ref: REFS.serviceAccounts,
    object: (namespace) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
    }),
  });
}
