export { type AdmissionInput, admitPod, rejectedStatus, rejectionEvent } from './admit-pod.ts';
export { allowedHandler, constrainPod } from './constrain-pod.ts';
export { bindHostPath, hostPathRefusal } from './host-paths.ts';
export * from './host-policy.ts';
export { hostPolicyRefusal } from './host-refusal.ts';
export type { Misfit } from './node-fit.ts';
export { parseHostPolicy } from './parse-policy.ts';
