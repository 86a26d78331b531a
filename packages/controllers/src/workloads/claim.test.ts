import type { KubeObject } from '@sampan/api';
import { describe, expect, it } from 'vitest';
import { type ClaimDecision, decideClaim } from './claim.ts';
import { podOf } from './testing.ts';

const OWNER: KubeObject = { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'me', uid: 'me' } };
const GOING = { ...OWNER, metadata: { ...OWNER.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };

describe('an object', () => {
  it.each<[string, KubeObject, KubeObject, boolean, ClaimDecision]>([
    ['is the owner’s when it controls it and matches', OWNER, podOf('p', { owner: 'me' }), true, 'own'],
    ['is let go when it does not match any more', OWNER, podOf('p', { owner: 'me' }), false, 'release'],
    ['is kept by an owner that goes', GOING, podOf('p', { owner: 'me' }), true, 'own'],
    ['is not let go by an owner that goes', GOING, podOf('p', { owner: 'me' }), false, 'ignore'],
    ['of somebody else is left alone', OWNER, podOf('p', { owner: 'other' }), true, 'ignore'],
    ['of nobody is adopted', OWNER, podOf('p'), true, 'adopt'],
    ['of nobody that does not match is left alone', OWNER, podOf('p'), false, 'ignore'],
    ['that goes is not adopted', OWNER, podOf('p', { deleted: true }), true, 'ignore'],
    ['is not adopted by an owner that goes', GOING, podOf('p'), true, 'ignore'],
  ])('%s', (_, owner, object, matches, decision) => {
    expect(decideClaim(owner, object, matches)).toBe(decision);
  });
});
