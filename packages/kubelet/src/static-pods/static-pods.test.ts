import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { k8s } from '@sampan/api';
import { silentLogger, systemClock } from '@sampan/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifest } from './manifest.ts';
import { StaticPods } from './static-pods.ts';

const PLACE = { file: '/x/a.yaml', node: 'n1', now: Date.UTC(2026, 0, 1) };
const manifest = (name: string, more = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers: [{name: c, image: img${more}}]\n`;

describe('a manifest', () => {
  it('is a pod of this node, with defaults, that nothing drives away', () => {
    const pod = readManifest(manifest('web'), PLACE);
    expect(pod.metadata).toMatchObject({
      name: 'web-n1',
      namespace: 'default',
      uid: expect.stringMatching(/^[0-9a-f]{32}$/),
      annotations: {
        'kubernetes.io/config.source': 'file',
        'kubernetes.io/config.hash': pod.metadata?.uid,
        'kubernetes.io/config.seen': '2026-01-01T00:00:00.000Z',
      },
    });
    expect(pod.spec).toMatchObject({
      nodeName: 'n1',
      restartPolicy: 'Always',
      tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
    });
    expect(pod.status).toEqual({ phase: 'Pending' });
  });

  it('is the same pod as long as it says the same', () => {
    const uid = (text: string, place = PLACE) => readManifest(text, place).metadata?.uid;
    expect(uid(manifest('web'), { ...PLACE, now: 5 })).toBe(uid(manifest('web')));
    expect(uid(manifest('web', ', tty: true'))).not.toBe(uid(manifest('web')));
    expect(uid(manifest('web'), { ...PLACE, file: '/x/b.yaml' })).not.toBe(uid(manifest('web')));
  });

  it('may be JSON', () => {
    const json = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'j' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    };
    expect(readManifest(JSON.stringify(json), PLACE).metadata?.name).toBe('j-n1');
  });

  it.each([
    ['apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n', /spec\.containers: Required value/],
    [manifest('UPPER'), /metadata\.name: Invalid value/],
    [manifest('x', ', imgae: y'), /unknown field "spec\.containers\[0\]\.imgae"/],
    ['apiVersion: apps/v1\nkind: Deployment\n', /Deployment/],
    ['{', /./],
    [manifest('x', ', envFrom: [{secretRef: {name: s}}]'), /may not reference secrets/],
    [`${manifest('x')}  serviceAccountName: me\n`, /may not reference serviceaccounts/],
    [
      `${manifest('x')}  volumes: [{name: v, projected: {sources: [{configMap: {name: m}}]}}]\n`,
      /may not reference configmaps/,
    ],
  ])('that is wrong says so: %s', (text, message) => {
    expect(() => readManifest(text, PLACE)).toThrow(message);
  });
});

describe('a folder of manifests', () => {
  let folder: string;
  let pods: StaticPods;
  let said: string[];

  beforeEach(async () => {
    folder = await mkdtemp(`${tmpdir()}/static`);
    said = [];
    const say = (what: string) => (pod: k8s.Pod) => said.push(`${what} ${pod.metadata?.name}`);
    pods = new StaticPods({
      ...{ folder, node: 'n', clock: systemClock, log: silentLogger },
      set: say('set'),
      remove: say('remove'),
      bad: (message) => said.push(`bad ${message.split(' ')[2]}`),
    });
  });

  afterEach(async () => {
    await pods.close();
    await rm(folder, { recursive: true });
  });

  const put = (name: string, text: string) => writeFile(`${folder}/${name}`, text);
  const says = (...lines: string[]) => expect.poll(() => said, { timeout: 5000 }).toEqual(lines);

  it('gives what is there, then what comes, changes and goes', async () => {
    await put('a.yaml', manifest('a'));
    await put('.hidden.yaml', manifest('h'));
    await pods.start();
    expect(said).toEqual(['set a-n']);
    await put('b.yaml', manifest('b'));
    await says('set a-n', 'set b-n');
    // as editors write
    await put('.b.new', manifest('b', ', tty: true'));
    await rename(`${folder}/.b.new`, `${folder}/b.yaml`);
    await says('set a-n', 'set b-n', 'remove b-n', 'set b-n');
    await rm(`${folder}/a.yaml`);
    await says('set a-n', 'set b-n', 'remove b-n', 'set b-n', 'remove a-n');
  });

  it('runs on what a manifest said before it became wrong, and complains once', async () => {
    await put('a.yaml', manifest('a'));
    await pods.start();
    await put('a.yaml', manifest('a', ', nonsense: 1'));
    await says('set a-n', 'bad a.yaml');
    await put('twin.yaml', manifest('a'));
    await says('set a-n', 'bad a.yaml', 'bad twin.yaml');
  });
});
