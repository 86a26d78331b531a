import { expect, test } from 'vitest';
import { matchRoute } from './routes.ts';

test.each([
  ['GET', '/v2', 'base', '', ''],
  ['GET', '/v2/', 'base', '', ''],
  ['GET', '/v2/_catalog', 'listRepositories', '', ''],
  ['GET', '/v2/a/b/c/manifests/v1', 'getManifest', 'a/b/c', 'v1'],
  ['HEAD', '/v2/a/blobs/sha256%3Aff', 'getBlob', 'a', 'sha256:ff'],
  ['POST', '/v2/a/blobs/uploads/', 'startUpload', 'a', ''],
  ['PATCH', '/v2/a/blobs/uploads/1', 'appendUpload', 'a', '1'],
  ['GET', '/v2/a/blobs/uploads/manifests/v1', 'getManifest', 'a/blobs/uploads', 'v1'],
  ['GET', '/v2/tags/list/tags/list', 'listTags', 'tags/list', ''],
  ['GET', '/v2/a/referrers/sha256:ff', 'listReferrers', 'a', 'sha256:ff'],
])('%s %s is %s', (method, path, operation, repository, reference) => {
  expect(matchRoute(method, path)).toMatchObject({ operation, repository, reference });
});

test.each([
  ['GET', '/v2/a/../b/tags/list', 'NAME_INVALID', 400],
  ['GET', '/v2/a/%2e%2e/tags/list', 'NAME_INVALID', 400],
  ['GET', '/v2/a%00b/tags/list', 'NAME_INVALID', 400],
  ['GET', '/v2/a/%zz/tags/list', 'NAME_INVALID', 400],
  ['GET', '/v2/A/tags/list', 'NAME_INVALID', 400],
  ['GET', '/v2//tags/list', 'NAME_INVALID', 400],
  ['GET', `/v2/${'a'.repeat(256)}/tags/list`, 'NAME_INVALID', 400],
  ['GET', '/v2/tags/list', 'UNSUPPORTED', 404],
  ['GET', '/v2/__proto__', 'UNSUPPORTED', 404],
  ['GET', '/v3/', 'UNSUPPORTED', 404],
  ['PUT', '/v2/a/tags/list', 'UNSUPPORTED', 405],
  ['constructor', '/v2/a/tags/list', 'UNSUPPORTED', 405],
])('%s %s is refused', (method, path, code, status) => {
  expect(() => matchRoute(method, path)).toThrow(expect.objectContaining({ code, status }));
});

test('a name of many separators is judged in linear time', () => {
  const started = performance.now();
  for (let n = 0; n < 100; n++) {
    expect(() => matchRoute('GET', `/v2/${'a-'.repeat(120)}/tags/list`)).toThrow();
    expect(() => matchRoute('GET', `/v2/${'a'.repeat(1_000_000)}/tags/list`)).toThrow();
  }
  expect(performance.now() - started).toBeLessThan(10_000);
});
