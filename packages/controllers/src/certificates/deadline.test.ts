import { createCertificateAuthority } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { type CsrCondition, deadlineOf } from './deadline.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3_600_000;
const csr = (conditions: CsrCondition[] = [], certificate?: string) => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'c', creationTimestamp: '2026-01-01T00:00:00Z' },
  status: { conditions, ...(certificate ? { certificate } : {}) },
});
const condition = (type: string): CsrCondition => ({ type, lastUpdateTime: '2026-01-01T02:00:00Z' });

describe('a certificate request is over', () => {
  it.each([
    ['a day after it was made when nobody decides', csr(), START + 24 * HOUR],
    ['an hour after it was denied', csr([condition('Denied')]), START + 3 * HOUR],
    ['an hour after it failed', csr([condition('Approved'), condition('Failed')]), START + 3 * HOUR],
    ['an hour after it was issued', csr([condition('Approved')], 'eA=='), START + 3 * HOUR],
    ['never while it is approved and not signed', csr([condition('Approved')]), undefined],
  ])('%s', (_, request, deadline) => {
    expect(deadlineOf(request)).toBe(deadline);
  });

  it('when its certificate is', () => {
    const authority = createCertificateAuthority('short', { now: START - HOUR });
    const certificate = Buffer.from(authority.certificatePem).toString('base64');
    const late = { ...condition('Approved'), lastUpdateTime: '2126-01-01T00:00:00Z' };
    const deadline = deadlineOf(csr([late], certificate)) ?? 0;
    expect(deadline).toBeGreaterThan(START);
    expect(deadline).toBeLessThan(Date.parse('2126-01-01T00:00:00Z'));
  });
});
