/** CertificateSigningRequests: what is stored, approved and refused. Nothing signs here. */
import { kindScenario, post, put } from '../build.ts';
import type { Scenario } from '../step.ts';

/** PKCS #10 of CN=jane, O=trial. */
const REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIYU1JR0JBZ0VBTUI4eERqQU1CZ05WQkFvTUJYUnlhV0ZzTVEw' +
  'd0N3WURWUVFEREFScVlXNWxNRmt3RXdZSApLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FFSG8wM0Y2TGtuWjRadTRkUURlWkR2' +
  'OXlPV2cvemwvMmRLV01kCnQxeThXSFoyRTF0RmxTVVVVT1QyK2pMeU9RUVEveFR3VmszWkhPVlZ2Y2UxdDhEaHY2QUFNQW9HQ0Nx' +
  'R1NNNDkKQkFNQ0EwZ0FNRVVDSVFDWEVpM2hRalB0WFRDQkRBbngwdTJrcXFXWlVFeEpQT0pRR1dGUGJUTHRPd0lnRG5UMApaSDRo' +
  'eFJ4NlJadkY4UnVxNUdaeWdocGM0NE4xL0lkaWJmS3UwK289Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';

const ALL = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const csr = {
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'trial-jane' },
  spec: { request: REQUEST, signerName: 'example.com/signer', usages: ['client auth'] },
};
const condition = (type: string, more: object = {}) => ({
  'status/conditions': [{ type, status: 'True', reason: 'Test', message: 'm', ...more }],
});
const approval = (name: string, changes: Record<string, unknown>) =>
  ({
    name,
    method: 'PUT',
    path: `${ALL}/trial-jane/approval`,
    change: { object: 'object', changes },
  }) as const;

export const SIGNING_REQUESTS = kindScenario({
  name: 'certificatesigningrequests',
  collection: ALL,
  object: csr,
  cases: {
    'no request': { 'spec/request': undefined },
    'request that is not base64': { 'spec/request': '!' },
    'request that is no PEM': { 'spec/request': 'aGVsbG8=' },
    'no signer': { 'spec/signerName': undefined },
    'bad signer': { 'spec/signerName': 'signer' },
    'signer with capitals': { 'spec/signerName': 'Example.com/Signer' },
    'old unknown signer': { 'spec/signerName': 'kubernetes.io/legacy-unknown' },
    'no usages': { 'spec/usages': undefined },
    'unknown usage': { 'spec/usages': ['odd'] },
    'usages twice': { 'spec/usages': ['client auth', 'client auth'] },
    'user of its own is overwritten': { 'spec/username': 'somebody', 'spec/groups': ['g'] },
    'status at creation is dropped': { status: { conditions: [{ type: 'Approved', status: 'True' }] } },
  },
  updates: { 'change the request': { 'spec/usages': ['server auth'] } },
  after: [
    approval('approve without a condition', { 'metadata/resourceVersion': undefined }),
    approval('approve with status False', {
      'metadata/resourceVersion': undefined,
      ...condition('Approved', { status: 'False' }),
    }),
    approval('approve without a type', { 'metadata/resourceVersion': undefined, ...condition('') }),
    approval('approve', { 'metadata/resourceVersion': undefined, ...condition('Approved') }),
    approval('deny what is approved', { 'metadata/resourceVersion': undefined, ...condition('Denied') }),
    approval('remove the approval', { 'metadata/resourceVersion': undefined }),
    approval('approve and deny', {
      'metadata/resourceVersion': undefined,
      'status/conditions': [
        { type: 'Approved', status: 'True' },
        { type: 'Denied', status: 'True' },
      ],
    }),
    {
      name: 'put a certificate that is none',
      method: 'PUT',
      path: `${ALL}/trial-jane/status`,
      change: {
        object: 'object',
        changes: {
          'metadata/resourceVersion': undefined,
          ...condition('Approved'),
          'status/certificate': 'aGVsbG8=',
        },
      },
    },
  ],
});

export const SIGNING_BY_USERS: Scenario = {
  name: 'certificatesigningrequests-users',
  steps: [
    post('ask as a user', `${ALL}?dryRun=All`, csr, { as: { user: 'jane' } }),
    put('approve one that is not there', `${ALL}/trial-none/approval`, {
      ...csr,
      metadata: { name: 'trial-none' },
    }),
    put('put the status of one that is not there', `${ALL}/trial-none/status`, {
      ...csr,
      metadata: { name: 'trial-none' },
    }),
  ],
};
