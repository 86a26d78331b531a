import { describe, expect, test } from 'vitest';
import { createMessages, objectOf } from '../core/testing.ts';
import { fieldErrorMessage } from '../meta/field-error.ts';
import { certificateApproval, certificateSigningRequestRules as rules } from './certificatesigningrequest.ts';
import { parseCertificateRequest } from './request.ts';
import { signerNameErrors } from './signer-name.ts';

/** An ECDSA request for CN=test, made by openssl. */
const PEM = `-----BEGIN CERTIFICATE REQUEST-----
MIHKMHECAQAwDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABPRGDHUq57GJqSnr/ZVqe47wMzDAnOY+34ebbAsfeizclQjQkyMyXofNUxpf
NL4YPeA3nNjPSLHqMTTOtEmVeiGgADAKBggqhkjOPQQDAgNJADBGAiEA/KYQ/3ZN
rQbc74++KqEigdYY5lC3Him6zfwLmaaD0NQCIQC5oGXO+EITHSRxCy8yuTe1dcWR
IMxC3IWJME0eHnvopA==
-----END CERTIFICATE REQUEST-----
`;
const request = (text: string): string => Buffer.from(text).toString('base64');
const spec = { request: request(PEM), signerName: 'example.com/x', usages: ['client auth'] };

describe('CertificateSigningRequest', () => {
  test('accepts a request whose signature holds', () => {
    expect(createMessages(rules, { spec })).toEqual([]);
    expect(parseCertificateRequest(PEM).publicKey.asymmetricKeyType).toBe('ec');
  });

  test('refuses a request that was changed', () => {
    const lines = PEM.trim().split('\n');
    const der = Buffer.from(lines.slice(1, -1).join(''), 'base64');
    const at = der.indexOf('test');
    der.write('best', at);
    const forged = `${lines[0]}\n${der.toString('base64')}\n${lines.at(-1)}\n`;
    expect(() => parseCertificateRequest(forged)).toThrow('x509: ECDSA verification failure');
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    [
      'refuses what is no request',
      { request: request('x') },
      [`spec.request: Invalid value: "${request('x')}": PEM block type must be CERTIFICATE REQUEST`],
    ],
    ['needs usages', { usages: [] }, ['spec.usages: Required value: usages must be provided']],
    ['refuses a usage twice', { usages: ['any', 'any'] }, ['spec.usages[1]: Duplicate value: "any"']],
    [
      'refuses the legacy signer',
      { signerName: 'kubernetes.io/legacy-unknown' },
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
    ],
    [
      'refuses less than ten minutes',
      { expirationSeconds: 599 },
      [
        'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
      ],
    ],
  ])('%s', (_, changes, expected) => {
    expect(createMessages(rules, { spec: { ...spec, ...changes } })).toEqual(expected);
  });

  const approved = { status: { conditions: [{ type: 'Approved', status: 'True' }] } };

  test('is approved by its own path only', () => {
    const old = objectOf({ spec });
    const next = objectOf({ spec, ...approved });
    expect(rules.status?.validateUpdate?.(next, old, { now: 0 })?.map(fieldErrorMessage)).toEqual([
      'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
    ]);
    certificateApproval.prepareForUpdate(next, old, { now: 0 });
    expect(next.status.conditions[0]).toMatchObject({ lastUpdateTime: '1970-01-01T00:00:00Z' });
    expect(certificateApproval.validateUpdate(next, old)).toEqual([]);
  });

  test('is not both approved and denied', () => {
    const old = objectOf({ spec, ...approved });
    const conditions = [...approved.status.conditions, { type: 'Denied', status: 'True' }];
    const errors = certificateApproval.validateUpdate(objectOf({ spec, status: { conditions } }), old);
    expect(errors.map(fieldErrorMessage)).toEqual([
      'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ]);
  });

  test('keeps its decision as it is when a signer writes status, who cannot remove it', () => {
    const times = { lastUpdateTime: '1970-01-01T00:00:00Z', lastTransitionTime: '1970-01-01T00:00:00Z' };
    const old = objectOf({ spec, status: { conditions: [{ ...approved.status.conditions[0], ...times }] } });
    const next = objectOf({ spec, status: { conditions: [{ type: 'Approved', status: 'False' }] } });
    rules.status?.prepareForUpdate?.(next, old);
    expect(next.status).toEqual(old.status);
    const without = objectOf({ spec, status: {} });
    rules.status?.prepareForUpdate?.(without, old);
    expect(rules.status?.validateUpdate?.(without, old, { now: 0 })?.map(fieldErrorMessage)).toEqual([
      'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
    ]);
  });
});

test.each<[string, string[]]>([
  ['example.com/x', []],
  ['', ['signerName must be provided']],
  ['example.com', ["must be a fully qualified domain and path of the form 'example.com/signer-name'"]],
  ['example/x', ['should be a domain with at least two segments separated by dots']],
])('the signer %j', (name, details) => {
  expect(signerNameErrors(name, 'f').map((error) => error.detail)).toEqual(details);
});
