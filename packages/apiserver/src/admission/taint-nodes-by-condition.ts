import type { AdmissionPlugin } from './contract.ts';
import { on } from './forbidden.ts';

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** A new node takes no pods before it is known to be ready (plugin/pkg/admission/nodetaint). */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: on('nodes', 'CREATE'),
  admit({ object }) {
    if (!object) return;
    const taints: { key?: string; effect?: string }[] = object.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect)) return;
    object.spec = { ...object.spec, taints: [...taints, { ...NOT_READY }] };
  },
};
