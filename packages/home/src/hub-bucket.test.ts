import { expect, test } from 'vitest';
import { isHubBucket } from './hub-bucket.ts';

const LEAST = { bucket: 'blobs', region: 'eu-central-1' };

test.each([LEAST, { ...LEAST, endpoint: 'https://s3.example.com', prefix: 'hub/', redirects: false }])(
  '%j says where blobs are',
  (value) => {
    expect(isHubBucket(value)).toBe(true);
  },
);

test.each([
  null,
  [],
  {},
  { bucket: 'blobs' },
  { ...LEAST, bucket: '' },
  { ...LEAST, endpoint: 'somewhere' },
  { ...LEAST, prefix: 'hub' },
  { ...LEAST, redirects: 'no' },
  { ...LEAST, secretAccessKey: 'x' },
])('%j does not', (value) => {
  expect(isHubBucket(value)).toBe(false);
});
