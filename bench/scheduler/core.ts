import { SchedulerCore } from '@sampan/scheduler';
import { type Load, node, pod } from './objects.ts';

/** Pods per second of the core alone: from the first pod it is told of to the last that it decided on. */
export function benchCore({ nodes, pods, kind }: Load): number {
  const core = new SchedulerCore({ now: () => Date.now() });
  for (let i = 0; i < nodes; i++) core.putNode(node(i));
  const all = Array.from({ length: pods }, (_, i) => withUid(pod(i, kind), i));
  const start = performance.now();
  for (const each of all) core.putPod(each);
  for (;;) {
    const decision = core.next();
    if (decision === undefined) break;
    if (decision.kind === 'fail') continue;
    const { pod: of, node: nodeName } = decision;
    core.putPod({ ...of, spec: { ...of.spec, nodeName } });
  }
  return (pods / (performance.now() - start)) * 1000;
}

const withUid = (object: ReturnType<typeof pod>, i: number) => ({
  ...object,
  metadata: { ...object.metadata, uid: `uid-${i}` },
});
