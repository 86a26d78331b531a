import { createHash, randomInt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { homeLayout, readRunState } from '@sampan/home';
import { WEBHOOKS } from '@sampan/hub';
import { HttpClient } from '@sampan/machinery';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Sampan, startSampan } from '../support/sampan.ts';

/** At random moments; few where they would hold up whoever works here. */
const KILLS = process.env.CI ? 20 : 5;

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

let sampan: Sampan;
let client: HttpClient;
let token: string;
/** How often each subject was told. */
const told = new Map<string, number>();
const ids = new Map<string, string>();
const receiver = createServer((incoming, answer) => {
  const chunks: Buffer[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
  incoming.on('end', () => {
    const { id, type, subject } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
    const what = `${type} ${subject}`;
    told.set(what, (told.get(what) ?? 0) + 1);
    ids.set(id ?? '', what);
    // one in ten is not taken at first
    answer.writeHead(told.get(what) === 1 && told.size % 10 === 0 ? 503 : 200).end();
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  sampan = await startSampan({ hub: 0, settings: { webhookHosts: ['127.0.0.1'] } });
  client = new HttpClient(
    { url: sampan.url, ca: sampan.ca, cert: sampan.cert, key: sampan.key },
    { name: 'test' },
  );
  await client.create(WEBHOOKS, {
    apiVersion: 'hub.sampan.dev/v1',
    kind: 'Webhook',
    metadata: { name: 'library.ci' },
    spec: {
      project: 'library',
      url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
      events: ['push'],
    },
  });
  token = await logIn();
});

afterAll(async () => {
  client.close();
  await sampan.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

/** As the administrator, whose certificate only the TLS port sees. */
function logIn(): Promise<string> {
  const { url, ca, cert, key } = sampan;
  const path = '/hub/token?scope=repository:library/kills:pull,push';
  return new Promise((resolve, reject) => {
    const asked = request(`${url}${path}`, { ca, cert, key }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () =>
        resolve((JSON.parse(Buffer.concat(chunks).toString()) as { token: string }).token),
      );
    });
    asked.on('error', reject).end();
  });
}

const state = () => readRunState(homeLayout(sampan.home));

function send(method: string, path: string, body: Buffer<ArrayBuffer>, type: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': type };
  return fetch(`http://127.0.0.1:${state()?.hubPort}/v2/library/kills/${path}`, { method, headers, body });
}

/** Pushes one tag after the other until the registry is gone; those that it acknowledged. */
async function pushUntilGone(round: number, acknowledged: string[]): Promise<void> {
  const content = Buffer.from('{}');
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: content.length };
  await send('POST', `blobs/uploads/?digest=${digest}`, content, 'application/octet-stream');
  for (let number = 0; ; number++) {
    const tag = `v${round}-${number}`;
    const manifest = { schemaVersion: 2, mediaType: MANIFEST, config, layers: [], annotations: { tag } };
    const put = await send('PUT', `manifests/${tag}`, Buffer.from(JSON.stringify(manifest)), MANIFEST);
    expect(put.status, await put.text()).toBe(201);
    acknowledged.push(`dev.sampan.hub.push library/kills:${tag}`);
  }
}

/** The registry's process (proc(5)). */
function hubPid(): number {
  const children = readFileSync(`/proc/${sampan.pid}/task/${sampan.pid}/children`, 'utf8').split(' ');
  const pid = children.find(
    (child) =>
      existsSync(`/proc/${child}/cmdline`) &&
      readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('hub/src/main.ts'),
  );
  if (pid === undefined) throw new Error('the registry has no process');
  return Number(pid);
}

const answers = () =>
  fetch(`http://127.0.0.1:${state()?.hubPort}/v2/`).then(
    ({ status }) => status,
    () => undefined,
  );

test(
  `a webhook is told of each push that was acknowledged by a registry killed ${KILLS} times`,
  async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < KILLS; round++) {
      await expect.poll(answers, { timeout: 20_000 }).toBe(401);
      const pushing = pushUntilGone(round, acknowledged).catch((thrown: unknown) => thrown);
      // as many on a slow machine as on a fast one
      const enough = acknowledged.length + 1 + randomInt(40);
      await Promise.race([
        pushing,
        expect.poll(() => acknowledged.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(enough),
      ]);
      await sleep(randomInt(20));
      process.kill(hubPid(), 'SIGKILL');
      expect(String(await pushing)).toMatch(/fetch failed|terminated/);
    }
    expect(acknowledged.length).toBeGreaterThan(KILLS);
    const untold = () => acknowledged.filter((what) => !told.has(what));
    await expect.poll(untold, { timeout: 60_000 }).toEqual([]);
    // what came twice came under one id
    expect(new Set(ids.values()).size).toBe(ids.size);
  },
  60_000 + KILLS * 10_000,
);
