import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@sampan/api';
import { FakeClock, silentLogger } from '@sampan/base';
import type { NodeRequest } from '@sampan/clusters';
import type { ObjectReader } from '@sampan/machinery';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GuestNode } from './guest-node.ts';
import { NodeCaller } from './node-caller.ts';

const DAY_MS = 86_400_000;

let folder: string;
let server: Server;
let caller: NodeCaller;
let asked: string[];
let node: GuestNode | undefined;

/** Answers on the socket as the node process does, and notes what it is asked. */
async function startServer(): Promise<void> {
  server = createServer((request, response) => {
    if (request.url === '/line') response.writeHead(200).flushHeaders();
    else {
      asked.push(`${request.method} ${request.url}`);
      request.resume().on('end', () => response.writeHead(200).end());
    }
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'machine.sock'), resolve));
}

async function stopServer(): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sampan-guest-node-'));
  asked = [];
  caller = new NodeCaller(join(folder, 'machine.sock'));
  await startServer();
});

afterEach(async () => {
  await node?.close({ stop: false });
  caller.close();
  await stopServer();
  rmSync(folder, { recursive: true });
});

function open(clock: FakeClock) {
  let tell: Parameters<ObjectReader['watch']>[1] = () => {};
  const reader = {
    list: () => [],
    watch: (_collection: string, listener: typeof tell) => {
      tell = listener;
      return () => {};
    },
  } as unknown as ObjectReader;
  const changed: boolean[] = [];
  node = new GuestNode({
    ...{ name: 'dev', node: 'vm', reader, caller, clock, log: silentLogger },
    request: () => Promise.resolve({} as NodeRequest),
    changed: (hasPods) => changed.push(hasPods),
    taken: () => {},
  });
  const pod = (nodeName: string) =>
    ({ metadata: { name: 'web', uid: 'u1' }, spec: { nodeName, containers: [] } }) as unknown as KubeObject;
  return {
    changed,
    tell: (type: 'added' | 'deleted', on = 'vm') => tell({ type, object: pod(on) } as never),
  };
}

const START = 'POST /clusters/dev';
const STOP = 'DELETE /clusters/dev';

/** What it was asked by now, and what will be due then is due. */
function later(clock: FakeClock, ms: number): readonly string[] {
  clock.advance(ms);
  return [...asked];
}

it('has the machine work from the first pod until a while after the last one', async () => {
  const clock = new FakeClock();
  const { tell, changed } = open(clock);
  tell('added');
  await expect.poll(() => asked).toEqual([START]);
  tell('deleted');
  await expect.poll(() => later(clock, 60_000)).toEqual([START, STOP]);
  expect(changed).toEqual([true, false]);
});

it('leaves pods of nodes that joined to these, and knows that there are some', async () => {
  const clock = new FakeClock();
  const { tell, changed } = open(clock);
  tell('added', 'elsewhere');
  await expect.poll(() => changed).toEqual([true]);
  expect(node?.hasPods).toBe(true);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toEqual([]);
  tell('deleted', 'elsewhere');
  expect(changed).toEqual([true, false]);
});

it('asks again when the node process went away, and when its certificates are old', async () => {
  const clock = new FakeClock();
  const { tell } = open(clock);
  tell('added');
  await expect.poll(() => asked).toEqual([START]);
  await stopServer();
  await startServer();
  await expect.poll(() => later(clock, 2000)).toEqual([START, START]);
  await expect.poll(() => later(clock, 20 * DAY_MS).length).toBeGreaterThan(2);
});
