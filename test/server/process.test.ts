import { type RequestOptions, request } from 'node:https';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sampan, startSampan } from '../support/sampan.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

describe('the server process', () => {
  let sampan: Sampan;
  beforeAll(async () => {
    sampan = await startSampan();
  });
  afterAll(() => sampan.stop());

  it('knows who holds a certificate of its authority, and nobody else', async () => {
    const { ca, cert, key, url } = sampan;
    expect((await send(`${url}${CONFIG_MAPS}`, { ca, cert, key })).status).toBe(200);
    const stranger = issueCertificate(createCertificateAuthority('sampan'), {
      subject: { commonName: 'admin', organizations: ['system:masters'] },
      usages: ['client auth'],
    });
    const forged = { ca, cert: stranger.certificatePem, key: stranger.privateKeyPem ?? '' };
    const answer = await send(`${url}${CONFIG_MAPS}`, forged);
    expect([401, 403]).toContain(answer.status);
    expect(JSON.parse(answer.body)).toMatchObject({ kind: 'Status', status: 'Failure' });
  });

  it('can be verified by each of its names', async () => {
    const { ca, cert, key, url } = sampan;
    const { port } = new URL(url);
    for (const servername of ['localhost', 'kubernetes', 'kubernetes.default.svc']) {
      const answer = await send(`https://127.0.0.1:${port}/readyz`, { ca, cert, key, servername });
      expect(answer).toMatchObject({ status: 200, body: 'ok' });
    }
  });

  it('describes itself to those who may read paths that are no resources, and to nobody else', async () => {
    const { ca, cert, key, url } = sampan;
    const answer = await send(`${url}/sampan/status`, { ca, cert, key });
    expect(JSON.parse(answer.body)).toMatchObject({ version: '0.1.0', objects: expect.any(Number) });
    expect((await send(`${url}/sampan/status`, { ca })).status).toBe(403);
  });

  it('ends open watches and leaves with 0 when told to, and writes no secret to its log', async () => {
    const other = await startSampan();
    const { ca, cert, key, url } = other;
    const watch = send(`${url}${CONFIG_MAPS}?watch=1`, { ca, cert, key });
    const ended = watch.then(
      () => 'an answer',
      (error: Error) => error.message,
    );
    await expect.poll(() => other.log()).toContain('"message":"ready"');
    expect(other.log()).not.toContain('PRIVATE KEY');
    const began = performance.now();
    await other.stop();
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await ended).toMatch(/aborted|socket hang up|ECONNRESET|before secure TLS/);
  });
});

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send(url: string, options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}
