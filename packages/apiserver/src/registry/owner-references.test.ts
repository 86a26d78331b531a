import type { KubeObject, OwnerReference } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { dedupOwnerReferences } from './owner-references.ts';

const owner = (uid: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  ...{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid },
  ...more,
});

function dedup(ownerReferences: OwnerReference[]) {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', ownerReferences },
  };
  const warnings: string[] = [];
  dedupOwnerReferences(object, (text) => warnings.push(text), '');
  return { owners: object.metadata.ownerReferences, warnings };
}

describe('repeated owner references', () => {
  it('are dropped with a warning that names their uids', () => {
    const { owners, warnings } = dedup([owner('a'), owner('b'), owner('a'), owner('a')]);
    expect(owners).toEqual([owner('a'), owner('b')]);
    expect(warnings).toEqual([expect.stringMatching(/^\.metadata\.ownerReferences contains .*: a, a$/)]);
  });

  it('are those that agree in all fields, not in the uid alone', () => {
    const different = [owner('a'), owner('a', { controller: false }), owner('a', { name: 'q' })];
    expect(dedup(different)).toEqual({ owners: different, warnings: [] });
  });
});
