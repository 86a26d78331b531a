import { describe, expect, it } from 'vitest';
import { deletionConditions, type Remains } from './conditions.ts';

const remains = (more: Partial<Remains> = {}): Remains => ({
  errors: [],
  counts: new Map(),
  finalizers: new Map(),
  ...more,
});

describe('the conditions of a namespace in deletion', () => {
  it('are all five from the first round, in order, and the same array when nothing changed', () => {
    const first = deletionConditions([], remains(), 't1');
    expect(first.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'NamespaceDeletionDiscoveryFailure False',
      'NamespaceDeletionGroupVersionParsingFailure False',
      'NamespaceDeletionContentFailure False',
      'NamespaceContentRemaining False',
      'NamespaceFinalizersRemaining False',
    ]);
    expect(deletionConditions(first, remains(), 't2')).toBe(first);
  });

  it('tell what remains and what failed, sorted, and when that changed', () => {
    const first = deletionConditions([], remains(), 't1');
    const counts = new Map([
      ['pods.', 2],
      ['boats.a.io', 1],
    ]);
    const next = deletionConditions(
      first,
      remains({ counts, errors: ['z', 'a'], discoveryError: 'down' }),
      't2',
    );
    expect(next[3]).toEqual({
      type: 'NamespaceContentRemaining',
      status: 'True',
      lastTransitionTime: 't2',
      reason: 'SomeResourcesRemain',
      message:
        'Some resources are remaining: boats.a.io has 1 resource instances, pods. has 2 resource instances',
    });
    expect(next[2]?.message).toBe('Failed to delete all resource types, 2 remaining: a, z');
    expect(next[0]).toMatchObject({ reason: 'DiscoveryFailed', message: 'down' });
    expect(next[4]?.lastTransitionTime).toBe('t1');
  });
});
