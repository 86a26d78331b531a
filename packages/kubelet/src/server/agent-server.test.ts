import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { k8s } from '@sampan/api';
import { silentLogger } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CriRuntime } from '../cri/cri-runtime.ts';
import { type AgentServer, createAgentServer } from './agent-server.ts';

const POD: k8s.Pod = {
  metadata: { namespace: 'default', name: 'web', uid: 'u1' },
  spec: { containers: [{ name: 'c' }] },
  status: { containerStatuses: [{ name: 'c', state: { waiting: { reason: 'ErrImagePull' } } }] },
} as unknown as k8s.Pod;

describe('the agent on its socket', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-agent-'));
  const socket = join(folder, 'agent.sock');
  // nothing listens there: these requests are answered without a runtime
  const runtime = new CriRuntime(join(folder, 'containerd.sock'));
  let server: AgentServer;

  beforeAll(async () => {
    mkdirSync(join(folder, 'logs/inner'), { recursive: true });
    writeFileSync(join(folder, 'logs/a<b>.log'), 'a line\n');
    writeFileSync(join(folder, 'secret'), 'not to be seen');
    symlinkSync('../secret', join(folder, 'logs/link'));
    // what an agent that was killed left behind
    writeFileSync(socket, '');
    server = await createAgentServer({
      socket,
      runtime,
      log: silentLogger,
      pods: { pods: () => [POD], pod: (uid) => (uid === 'u1' ? POD : undefined) },
      logsFolder: join(folder, 'logs'),
      reports: {
        '/metrics': () => ({ contentType: 'text/plain', body: 'up 1\n' }),
        '/stats/summary': () => Promise.reject(new Error('no figures')),
      },
    });
  });

  afterAll(async () => {
    await server?.close();
    runtime.close();
    rmSync(folder, { recursive: true });
  });

  function send(method: string, path: string, content?: unknown): Promise<[status: number, text: string]> {
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath: socket, method, path, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve([answer.statusCode ?? 0, text]));
      });
      sent.on('error', reject);
      sent.end(content === undefined ? undefined : JSON.stringify(content));
    });
  }
  const failed = (status: number, message: string | RegExp) => [
    status,
    expect.stringMatching(typeof message === 'string' ? new RegExp(`^{"message":"${message}"}$`) : message),
  ];

  it('is for its owner and one group', () => {
    expect(statSync(socket).mode & 0o777).toBe(0o660);
  });

  it('shows pods, health and figures', async () => {
    expect(await send('GET', '/healthz')).toEqual([200, 'ok']);
    expect(await send('GET', '/metrics')).toEqual([200, 'up 1\n']);
    const [status, text] = await send('GET', '/pods');
    expect([status, JSON.parse(text).items[0].metadata.name]).toEqual([200, 'web']);
    expect(await send('GET', '/stats/summary')).toEqual(failed(500, 'no figures'));
  });

  it('refuses what it does not know', async () => {
    expect(await send('GET', '/nothing')).toEqual(failed(404, '404 page not found'));
    expect(await send('GET', '/streams/exec')).toEqual(
      failed(405, 'the agent does not allow this method here'),
    );
    expect(await send('POST', '/healthz')).toEqual(failed(405, /method/));
    expect(await send('GET', '/containerLogs/a/%zz/c')).toEqual(failed(400, /invalid URL escape/));
    expect(await send('POST', '/streams/exec', 'text')).toEqual(failed(400, 'the request is no JSON object'));
    expect(await send('POST', '/streams/exec', 'x'.repeat(2 << 20))).toEqual(failed(413, /at most/));
  });

  it('knows only its pods, and says why there is no log', async () => {
    expect(await send('POST', '/streams/exec', { uid: 'u2' })).toEqual(failed(404, 'pod does not exist'));
    expect(await send('GET', '/containerLogs/default/other/c')).toEqual(
      failed(404, /other.* does not exist/),
    );
    expect(await send('GET', '/containerLogs/default/web/d')).toEqual(failed(404, /not found in pod/));
    expect(await send('GET', '/containerLogs/default/web/c')).toEqual(failed(400, /image can't be pulled/));
  });

  it('tells what the runtime says when it cannot be reached', async () => {
    const asked = { uid: 'u1', container: 'c', command: ['true'], stdout: true };
    expect(await send('POST', '/streams/exec', asked)).toEqual(failed(500, /containerd.sock/));
  });

  it('shows the files of one folder and nothing around it', async () => {
    expect(await send('GET', '/logs/')).toEqual([200, expect.stringContaining('>a&#60;b&#62;.log</a>')]);
    expect(await send('GET', '/logs/a%3Cb%3E.log')).toEqual([200, 'a line\n']);
    for (const path of ['../secret', '%2e%2e/secret', '..%2fsecret', 'link', 'inner/../../secret', 'none'])
      expect(await send('GET', `/logs/${path}`)).toEqual(failed(404, /page not found/));
  });
});
