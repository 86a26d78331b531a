export interface NotApplicable {
  /** Of the test's name. */
  readonly tests: RegExp;
  readonly reason: string;
}

/** Tests that are run like all others, but whose failure says nothing against Sampan; each with the reason. */
export const NOT_APPLICABLE: readonly NotApplicable[] = [
  {
    tests: /^\[sig-instrumentation\] Events API should ensure that an event can be fetched, patched/,
    reason:
      'changes the note of an event through events.k8s.io/v1, where it is immutable: Kubernetes 1.20 did not compare with the old event, and later releases, which do, changed the test',
  },
  {
    tests:
      /^\[sig-apps\] Daemon set \[Serial\] should rollback without unnecessary restarts|^\[sig-scheduling\] SchedulerPreemption \[Serial\] validates (basic preemption works|lower priority pod preemption by critical pod)/,
    reason: 'wants two nodes; Sampan runs on one machine',
  },
];

export function reasonWhyNot(name: string): string | undefined {
  return NOT_APPLICABLE.find(({ tests }) => tests.test(name))?.reason;
}
