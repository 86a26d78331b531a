import { Agent, request } from 'node:https';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { expect, it } from 'vitest';
import { listen } from './listener.ts';

const SIZE = 100_000;

it('takes large requests one after the other on a connection that is still sending large answers', async () => {
  const authority = createCertificateAuthority('test');
  const { certificatePem, privateKeyPem = '' } = issueCertificate(authority, {
    subject: { commonName: 'server', organizations: [] },
    usages: ['server auth'],
    ipAddresses: ['127.0.0.1'],
  });
  const listener = await listen({
    port: 0,
    certificate: certificatePem,
    key: privateKeyPem,
    clientCa: authority.certificatePem,
    handle: (incoming, response) => {
      incoming.resume();
      // answers come later than the last byte of the request, as those that wait for a commit do
      incoming.on('end', () => setImmediate(() => response.end(Buffer.alloc(SIZE))));
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: authority.certificatePem });
  const statuses: number[] = [];
  for (let round = 0; round < 100; round++) statuses.push(await post(listener.port, agent));
  agent.destroy();
  await listener.close();
  expect(new Set(statuses)).toEqual(new Set([200]));
});

function post(port: number, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent, method: 'POST' }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(Buffer.alloc(SIZE));
  });
}
