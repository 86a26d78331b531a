import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import type { ServiceDialer } from '../src/index.ts';

/** A request as the extension server got it. */
export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The common name of the client's certificate, when the front proxy's authority signed it. */
  readonly client: string | undefined;
}

/** An API server of its own on loopback, behind Service `ext/api`: group `boats.example.com/v1`. */
export interface ExtensionServer {
  readonly dialer: ServiceDialer;
  readonly caBundle: string;
  readonly received: Received[];
  /** While true, it answers 503 to everything. */
  broken: boolean;
  /** How many watches are open. */
  watches: number;
  close(): Promise<void>;
}

const DISCOVERY = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'boats.example.com/v1',
  resources: [
    { name: 'boats', singularName: 'boat', namespaced: true, kind: 'Boat', verbs: ['get', 'list', 'watch'] },
    { name: 'boats/status', singularName: '', namespaced: true, kind: 'Boat', verbs: ['get'] },
  ],
};

export async function startExtensionServer(clientCa: () => string): Promise<ExtensionServer> {
  const authority = createCertificateAuthority('extension-ca');
  const serving = issueCertificate(authority, {
    subject: { commonName: 'extension', organizations: [] },
    usages: ['server auth'],
    dnsNames: ['api.ext.svc'],
  });
  const self = { broken: false, watches: 0 };
  const received: Received[] = [];
  const server = createServer(
    {
      cert: serving.certificatePem,
      key: serving.privateKeyPem ?? '',
      requestCert: true,
      rejectUnauthorized: false,
      ca: clientCa(),
    },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const socket = request.socket as TLSSocket;
        const client = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined;
        const body = Buffer.concat(chunks).toString();
        received.push({ method, url, headers, body, client });
        const send = (value: object) =>
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
        if (self.broken) response.writeHead(503).end();
        else if (url === '/apis/boats.example.com/v1') send(DISCOVERY);
        else if (url === '/openapi/v3') {
          const serverRelativeURL = '/openapi/v3/apis/boats.example.com/v1?hash=1';
          send({ paths: { 'apis/boats.example.com/v1': { serverRelativeURL } } });
        } else if (url.includes('watch=')) {
          self.watches++;
          response.on('close', () => self.watches--);
          response.writeHead(200, { 'content-type': 'application/json' });
          response.write('{"type":"ADDED","object":{"kind":"Boat"}}\n');
        } else send({ kind: 'Boat', path: url, body });
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(self, {
    received,
    caBundle: Buffer.from(authority.certificatePem).toString('base64'),
    dialer: {
      service: async () => ({ address: '127.0.0.1', port }),
      host: async () => {
        throw new Error('no hosts');
      },
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
