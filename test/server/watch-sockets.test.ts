import type { KubeObject } from '@sampan/api';
import { REFS } from '@sampan/machinery';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type Plane, startPlane } from '../support/plane.ts';

describe('a watch by WebSocket', () => {
  let plane: Plane;
  beforeAll(async () => {
    plane = await startPlane();
  });
  afterAll(async () => {
    await plane?.close();
    expect(plane?.errors).toEqual([]);
  });

  const open = (path: string, ...protocols: string[]) => {
    const { url, ca, cert, key } = plane;
    return new WebSocket(`${url.replace('https', 'wss')}${path}`, protocols, { ca, cert, key });
  };
  const configMap = (name: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
  });

  it('has a message for each event, and ends with its time', async () => {
    const client = plane.control.client('test');
    await client.create(REFS.configMaps, configMap('before'));
    const path = '/api/v1/namespaces/default/configmaps?watch=1&timeoutSeconds=2';
    const socket = open(path, 'base64.binary.k8s.io');
    const seen: string[] = [];
    const ended = new Promise<number>((resolve) => socket.on('close', resolve));
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (data) => {
        const { type, object } = JSON.parse(String(data));
        seen.push(`${type} ${object.metadata.name}`);
        if (seen.length === 1) resolve();
      });
    });
    expect(socket.protocol).toBe('base64.binary.k8s.io');
    await Promise.all(['a', 'b', 'c'].map((name) => client.create(REFS.configMaps, configMap(name))));
    await client.delete(REFS.configMaps, 'default', 'a');
    expect(await ended).toBe(1000);
    expect(seen).toEqual(['ADDED before', 'ADDED a', 'ADDED b', 'ADDED c', 'DELETED a']);
  });

  it('is stopped with its client', async () => {
    const socket = open('/api/v1/namespaces?watch=1');
    await new Promise((resolve) => socket.on('message', resolve));
    const gone = new Promise((resolve) => socket.on('close', resolve));
    socket.close();
    await gone;
  });

  it('that may not begin is refused', async () => {
    const refused = new Promise((_resolve, reject) => open('/api/v1/nothing?watch=1').on('error', reject));
    await expect(refused).rejects.toThrow(/404/);
  });
});
