import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { dialUpgrade } from '@sampan/machinery/streams';
import { afterEach, describe, expect, it } from 'vitest';
import { Kubelet } from '../src/index.ts';
import { textOf } from '../src/node-proxy/answer-text.ts';

const authority = createCertificateAuthority('guest');
const foreign = createCertificateAuthority('guest');

describe('a kubelet on another machine', () => {
  let server: Server | undefined;
  /** Who asked for what, as far as the kubelet heard of it. */
  const heard: string[] = [];
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    heard.length = 0;
  });

  /** Listens as somebody; `signer`: whose word it is. */
  async function listen(
    commonName: string,
    signer = authority,
    organizations = ['system:nodes'],
  ): Promise<number> {
    const { certificatePem, privateKeyPem = '' } = issueCertificate(signer, {
      subject: { commonName, organizations },
      usages: ['digital signature', 'server auth'],
      dnsNames: ['n1'],
    });
    const options = { cert: certificatePem, key: privateKeyPem, ca: authority.certificatePem };
    server = createServer(
      { ...options, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        const who = (request.socket as TLSSocket).getPeerCertificate().subject.CN;
        heard.push(`${who} ${request.method} ${request.url}`);
        response.writeHead(request.url?.startsWith('/missing') ? 404 : 200).end('said');
      },
    );
    server.on('upgrade', (request, socket) => {
      heard.push(`${request.method} ${request.url}`);
      socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n');
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  const kubelet = (port: number): Kubelet => {
    const { certificatePem, privateKeyPem = '' } = issueCertificate(authority, {
      subject: { commonName: 'api', organizations: [] },
      usages: ['digital signature', 'client auth'],
    });
    const own = { ca: authority.certificatePem, certificate: certificatePem, key: privateKeyPem };
    return new Kubelet({ node: 'n1', address: '127.0.0.1', port, ...own });
  };

  it('is asked as the API server once its certificate has said which node it is', async () => {
    const node = kubelet(await listen('system:node:n1'));
    expect(await textOf(await node.get('/containerLogs/a/b/c?follow=true'))).toBe('said');
    expect(heard).toEqual(['api GET /containerLogs/a/b/c?follow=true']);
    await expect(node.get('/missing')).rejects.toMatchObject({ code: 404 });
  });

  it('hands streams over by its own paths', async () => {
    const node = kubelet(await listen('system:node:n1'));
    const asked = { uid: 'u', namespace: 'ns', name: 'pod', container: 'app', command: ['ls', '-l /'] };
    const { url, socket } = await node.stream('exec', { ...asked, stdin: true, stdout: true, tty: false });
    const upgraded = await dialUpgrade({
      ...{ url, method: 'POST', headers: { connection: 'Upgrade', upgrade: 'SPDY/3.1' } },
      ...(socket ? { socket } : {}),
    });
    expect('socket' in upgraded).toBe(true);
    expect(heard).toEqual(['POST /exec/ns/pod/app?command=ls&command=-l+%2F&input=1&output=1']);
    const ports = await node.stream('portforward', { uid: 'u', namespace: 'ns', name: 'pod', ports: [80] });
    ports.socket?.destroy();
    expect(ports.url.pathname).toBe('/portForward/ns/pod');
  });

  it.each([
    ['another node of the cluster', 'system:node:n2', authority, undefined],
    ['who is no node', 'n1', authority, undefined],
    ['who only has a node’s name', 'system:node:n1', authority, []],
    ['a node of another cluster', 'system:node:n1', foreign, undefined],
  ])('is told nothing when it is %s', async (_, name, signer, organizations) => {
    const node = kubelet(await listen(name, signer, organizations));
    await expect(node.get('/pods')).rejects.toMatchObject({ code: 503 });
    await expect(node.stream('exec', { uid: '', namespace: 'a', name: 'b' })).rejects.toMatchObject({
      code: 503,
    });
    expect(heard).toEqual([]);
  });
});
