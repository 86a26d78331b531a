import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { KubeObject } from '@sampan/api';
import { type Clock, FakeClock, parseExactJson } from '@sampan/base';
import { createCertificateAuthority, generateKeys, issueCertificate } from '@sampan/machinery';
import { createMemoryStore, type Store } from '@sampan/store';
import {
  type ControlPlane,
  type ControlPlaneOptions,
  createControlPlane,
  listen,
  SigningKeys,
} from '../src/index.ts';

/** The answer of a request, its body parsed when it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: tests read objects of any kind
  readonly body: any;
}

/** A control plane over a memory store behind TLS, and how to ask it. */
export interface Server {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly control: ControlPlane;
  readonly store: Store;
  readonly clock: Clock;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Reads a stream until `count` lines came or the server ends it. */
  lines(path: string, count: number): Promise<{ type: string; object: KubeObject }[]>;
  close(): Promise<void>;
}

export async function startServer(
  clock: Clock = new FakeClock(Date.now()),
  options: Partial<ControlPlaneOptions> = {},
): Promise<Server> {
  const authority = createCertificateAuthority('test');
  const issue = (commonName: string, organizations: string[], usage: 'server auth' | 'client auth') =>
    issueCertificate(authority, {
      subject: { commonName, organizations },
      usages: [usage],
      ipAddresses: ['127.0.0.1'],
    });
  const serving = issue('server', [], 'server auth');
  const admin = issue('admin', ['system:masters'], 'client auth');
  const store = createMemoryStore({ clock });
  const control = await createControlPlane({
    store,
    clock,
    clientCa: authority.certificatePem,
    keys: new SigningKeys(generateKeys().privateKeyPem),
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0' },
    externalAddress: '127.0.0.1',
    ...options,
  });
  const listener = await listen({
    port: 0,
    certificate: serving.certificatePem,
    key: serving.privateKeyPem ?? '',
    clientCa: authority.certificatePem,
    handle: (incoming, response) => void control.api.handle(incoming, response),
  });
  const url = `https://127.0.0.1:${listener.port}`;
  const access = { ca: authority.certificatePem, cert: admin.certificatePem, key: admin.privateKeyPem ?? '' };
  const agent = new Agent({ keepAlive: true, ...access });
  return {
    url,
    ...access,
    control,
    store,
    clock,
    ask: (method, path, body, headers) => ask(agent, url + path, method, body, headers),
    lines: (path, count) => lines(agent, url + path, count),
    async close() {
      agent.destroy();
      await listener.close();
      control.stop();
      await store.close();
    },
  };
}

function ask(
  agent: Agent,
  url: string,
  method: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const asked = request(
      url,
      {
        agent,
        method,
        headers: { 'content-type': type, 'content-length': Buffer.byteLength(text), ...headers },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const answered = Buffer.concat(chunks).toString();
          const json = answer.headers['content-type']?.startsWith('application/json') && answered !== '';
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: json ? parseExactJson(answered) : answered,
          });
        });
      },
    );
    asked.on('error', reject);
    asked.end(text);
  });
}

function lines(agent: Agent, url: string, count: number): Promise<{ type: string; object: KubeObject }[]> {
  return new Promise((resolve, reject) => {
    const found: { type: string; object: KubeObject }[] = [];
    let rest = '';
    const asked = request(url, { agent }, (answer) => {
      answer.on('data', (chunk: Buffer) => {
        const parts = (rest + chunk.toString()).split('\n');
        rest = parts.pop() ?? '';
        for (const part of parts) found.push(JSON.parse(part));
        if (found.length >= count) {
          asked.destroy();
          resolve(found.slice(0, count));
        }
      });
      answer.on('end', () => resolve(found));
    });
    asked.on('error', (error) => (found.length >= count ? undefined : reject(error)));
    asked.end();
  });
}

export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

export function configMap(
  name: string,
  data: Record<string, string> = {},
  metadata: object = {},
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...metadata }, data };
}
