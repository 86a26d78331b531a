import type { KubeObject, k8s } from '@sampan/api';
import { REFS } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { startEachNamespace } from './each-namespace.ts';

/**
 * A ServiceAccount `default` for every namespace (upstream's serviceaccount controller). `pullSecret`: one that each of
 * them names, beside those that others gave it.
 */
export function startServiceAccounts(context: ControllerContext, pullSecret?: string): Controller {
  const named = pullSecret === undefined ? [] : [{ name: pullSecret }];
  return startEachNamespace(context, {
    name: 'service-account-controller',
    ref: REFS.serviceAccounts,
    ...(pullSecret === undefined ? {} : { mend: (present) => withPullSecret(present, pullSecret) }),
    object: (namespace) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace },
      ...(named.length > 0 ? { imagePullSecrets: named } : {}),
    }),
  });
}

function withPullSecret(account: KubeObject, name: string): KubeObject | undefined {
  const { imagePullSecrets = [] } = account as k8s.ServiceAccount;
  if (imagePullSecrets.some((secret) => secret.name === name)) return undefined;
  return { ...account, imagePullSecrets: [...imagePullSecrets, { name }] };
}
