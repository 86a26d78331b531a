import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import type { ServiceDialer } from '../src/index.ts';

/** What a webhook was asked and how. */
export interface Asked {
  readonly path: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read reviews of any kind
  readonly review: any;
}

// biome-ignore lint/suspicious/noExplicitAny: tests answer reviews of any kind
type Answer = (asked: Asked) => any;

/** A real HTTPS server on loopback for Service `hooks/webhook`, and the dialer that leads to it. */
export interface WebhookServer {
  readonly dialer: ServiceDialer;
  readonly caBundle: string;
  readonly asked: Asked[];
  /** What is answered at a path; the `response` of a review, or a number: that status. */
  answer(path: string, answer: Answer): void;
  clientConfig(path: string): object;
  connections(): number;
  close(): Promise<void>;
}

export async function startWebhookServer(): Promise<WebhookServer> {
  const authority = createCertificateAuthority('webhooks');
  const serving = issueCertificate(authority, {
    subject: { commonName: 'webhook', organizations: [] },
    usages: ['server auth'],
    dnsNames: ['webhook.hooks.svc'],
  });
  const answers = new Map<string, Answer>();
  const asked: Asked[] = [];
  let connections = 0;
  const server = createServer(
    { cert: serving.certificatePem, key: serving.privateKeyPem ?? '' },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        void reply(request.url ?? '', Buffer.concat(chunks).toString());
      });
      async function reply(url: string, text: string): Promise<void> {
        const review = JSON.parse(text);
        const call = { path: url, review };
        asked.push(call);
        const made = await answers.get(url.split('?')[0] ?? '')?.(call);
        if (typeof made === 'number' || made === undefined) {
          response.writeHead(made ?? 404).end('broken');
          return;
        }
        const { kind, apiVersion, request: question } = review;
        const body = { kind, apiVersion, response: { uid: question.uid, ...made } };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      }
    },
  );
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.certificatePem).toString('base64');
  return {
    dialer: {
      async service(namespace, name, wanted) {
        if (namespace !== 'hooks' || name !== 'webhook' || wanted !== 8443)
          throw new Error(`service "${name}" not found`);
        return { address: '127.0.0.1', port };
      },
      async host(host) {
        throw new Error(`host "${host}" is not allowed`);
      },
    },
    caBundle,
    asked,
    answer: (path, answer) => void answers.set(path, answer),
    clientConfig: (path) => ({
      caBundle,
      service: { namespace: 'hooks', name: 'webhook', path, port: 8443 },
    }),
    connections: () => connections,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
