import { REFS } from '@sampan/machinery';
import type { Controller, ControllerContext } from '../controller.ts';
import { startEachNamespace } from './each-namespace.ts';

const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes ' +
  'clusters.';

/**
 * A ConfigMap `kube-root-ca.crt` for every namespace, by which pods know the API server (KEP-1205). `ca`: PEM.
 */
export function startRootCa(context: ControllerContext, ca: string): Controller {
  const annotations = { 'kubernetes.io/description': DESCRIPTION };
  return startEachNamespace(context, {
    name: 'root-ca-certificate-publisher',
    ref: REFS.configMaps,
    keep: ['data'],
    annotations,
    object: (namespace) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-root-ca.crt', namespace, annotations },
      data: { 'ca.crt': ca },
    }),
  });
}
