import type { AdmissionPlugin } from './contract.ts';
import { on } from './forbidden.ts';

interface Toleration {
  readonly key?: string;
  readonly operator?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
}

/** How long a pod stays on a node that is lost. */
const SECONDS = 300;
const LOST = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** Pods tolerate a lost node for five minutes if they do not say otherwise (plugin/pkg/admission/defaulttolerationseconds). */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: on('pods', 'CREATE UPDATE'),
  admit({ object }) {
    if (!object?.spec) return;
    const present: Toleration[] = object.spec.tolerations ?? [];
    const missing = LOST.filter((key) => !present.some((each) => tolerates(each, key)));
    if (missing.length === 0) return;
    object.spec.tolerations = [
      ...present,
      ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: SECONDS })),
    ];
  },
};

function tolerates({ key = '', effect = '' }: Toleration, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
}
