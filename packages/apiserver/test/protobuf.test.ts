import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG_MAPS, configMap, type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const PROTOBUF = { 'content-type': 'application/vnd.kubernetes.protobuf' };

/** A length-delimited field; everything here is short enough to be ASCII. */
const bytes = (number: number, content: string): string =>
  String.fromCharCode((number << 3) | 2, content.length) + content;
const varint = (number: number, value: number): string => String.fromCharCode(number << 3, value);

/** An object as client-go sends it: the prefix and a `runtime.Unknown` of its type and message. */
const body = (apiVersion: string, kind: string, message: string): string =>
  `k8s\0${bytes(1, bytes(1, apiVersion) + bytes(2, kind))}${bytes(2, message)}`;

/** DeleteOptions: 1 is gracePeriodSeconds, 2 preconditions with 1 uid, 4 propagationPolicy, 5 dryRun. */
const deleteOptions = (message: string): string => body('v1', 'DeleteOptions', message);

describe('a body in protobuf', () => {
  it('creates what it says', async () => {
    const made = await server.ask(
      'POST',
      CONFIG_MAPS,
      body('v1', 'ConfigMap', bytes(1, bytes(1, 'packed')) + bytes(2, bytes(1, 'a') + bytes(2, '1'))),
      PROTOBUF,
    );
    expect(made).toMatchObject({ status: 201, body: { metadata: { name: 'packed' }, data: { a: '1' } } });
  });

  it('deletes under its preconditions, and only then', async () => {
    const { body: made } = await server.ask('POST', CONFIG_MAPS, configMap('kept'));
    const path = `${CONFIG_MAPS}/kept`;
    const other = await server.ask('DELETE', path, deleteOptions(bytes(2, bytes(1, 'other'))), PROTOBUF);
    expect(other).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    const dry = await server.ask('DELETE', path, deleteOptions(bytes(5, 'All')), PROTOBUF);
    expect(dry.status).toBe(200);
    expect((await server.ask('GET', path)).status).toBe(200);
    const right = deleteOptions(
      varint(1, 0) + bytes(2, bytes(1, made.metadata.uid)) + bytes(4, 'Background'),
    );
    expect((await server.ask('DELETE', path, right, PROTOBUF)).status).toBe(200);
    expect((await server.ask('GET', path)).status).toBe(404);
  });

  it('is refused when it is not one', async () => {
    await server.ask('POST', CONFIG_MAPS, configMap('safe'));
    for (const wrong of ['{}', 'k8s\0\x0a\x7f', deleteOptions('\x0a\x7f'), body('v1', 'Pod', '')]) {
      const answer = await server.ask('DELETE', `${CONFIG_MAPS}/safe`, wrong, PROTOBUF);
      expect(answer).toMatchObject({ status: 400, body: { reason: 'BadRequest' } });
    }
    expect((await server.ask('GET', `${CONFIG_MAPS}/safe`)).status).toBe(200);
  });
});
