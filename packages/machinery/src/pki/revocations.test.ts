import { expect, it } from 'vitest';
import { createCertificateAuthority, issueCertificate } from './authority.ts';
import { parseCertificate } from './certificate.ts';
import { addRevocations, Revocations } from './revocations.ts';

const NOW = Date.parse('2026-11-22T12:00:00.700Z');
const SECOND = 1000;

it('are of certificates that a user got up to a time', () => {
  const authority = createCertificateAuthority('ca', { now: NOW - 3600 * SECOND });
  const issued = (commonName: string, now: number) => {
    const subject = { commonName, organizations: [] };
    const { certificatePem } = issueCertificate(authority, { subject, usages: ['client auth'], now });
    return { commonName, issuedAt: parseCertificate(certificatePem).issuedAt };
  };
  const revocations = new Revocations([{ user: 'ann', until: new Date(NOW).toISOString() }]);
  expect(revocations.has(issued('ann', NOW - 60 * SECOND))).toBe(true);
  expect(revocations.has(issued('ann', NOW))).toBe(true);
  expect(revocations.has(issued('ann', NOW + SECOND))).toBe(false);
  expect(revocations.has(issued('bob', NOW - 60 * SECOND))).toBe(false);
  expect(revocations.has({ commonName: 'ann' })).toBe(true);
});

it('of one user are known by the latest', () => {
  const at = (user: string, until: string) => ({ user, until });
  const early = at('ann', '2026-01-01T00:00:00Z');
  const late = at('ann', '2026-02-01T00:00:00Z');
  const bob = at('bob', '2026-01-01T00:00:00Z');
  expect(addRevocations([late, bob], [early])).toEqual([late, bob]);
  expect(addRevocations([early], [bob, late])).toEqual([late, bob]);
  expect(new Revocations([late, early]).has({ commonName: 'ann', issuedAt: Date.parse('2026-01-15') })).toBe(
    true,
  );
});
