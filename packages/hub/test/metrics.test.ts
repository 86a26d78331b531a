import { expect, test } from 'vitest';
import { hashPassword } from '../src/index.ts';
import { renderMetrics } from '../src/metrics/text.ts';
import { basic, PASSWORD, TestHub } from './support.ts';

test('metrics tell of requests, what is stored, and what was refused, to administrators and those who watch', async () => {
  await using hub = await TestHub.start();
  const members = [{ kind: 'User', name: 'dev', role: 'maintainer' }] as const;
  hub.directory.setProject({ name: 'full', public: false, members, quotaBytes: 100 });
  const client = await hub.client('full/app');
  await client.pushBlob(Buffer.alloc(60));
  await client.send('POST', `blobs/uploads/?digest=sha256:${'a'.repeat(64)}`, { body: Buffer.alloc(50) });
  await hub.hub.collectGarbage();
  const read = (name: string) =>
    fetch(`${hub.url}/hub/metrics`, { headers: { authorization: basic(name, PASSWORD) } });
  expect((await read('dev')).status).toBe(403);
  const answer = await read('root');
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = (await answer.text()).split('\n');
  for (const line of [
    'sampan_hub_requests_total{operation="startUpload",code="201"} 1',
    'sampan_hub_requests_total{operation="startUpload",code="403"} 1',
    'sampan_hub_request_duration_seconds_count{operation="startUpload"} 2',
    'sampan_hub_request_duration_seconds_bucket{operation="startUpload",le="+Inf"} 2',
    'sampan_hub_requests_in_flight 1',
    'sampan_hub_blobs 1',
    'sampan_hub_blob_bytes 60',
    'sampan_hub_project_bytes{project="full"} 60',
    'sampan_hub_project_quota_bytes{project="full"} 100',
    'sampan_hub_events_total{type="quota"} 1',
    'sampan_hub_garbage_collections_total 1',
    'sampan_hub_limited_total{what="logins"} 0',
  ]) {
    expect(lines).toContain(line);
  }
  const received = lines.find((line) => line.startsWith('sampan_hub_received_bytes_total'));
  expect(Number(received?.split(' ')[1])).toBeGreaterThan(110);
  const hash = await hashPassword(PASSWORD);
  hub.directory.setAccount({ name: 'watcher', hash, administrator: false, groups: ['system:monitoring'] });
  expect((await read('watcher')).status).toBe(200);
});

test('labels may hold anything', () => {
  const samples = [{ labels: { a: 'x"\\\n' }, value: 1 }];
  expect(renderMetrics([{ name: 'm', type: 'gauge', help: 'h', samples }])).toBe(
    '# HELP m h\n# TYPE m gauge\nm{a="x\\"\\\\\\n"} 1\n',
  );
});
