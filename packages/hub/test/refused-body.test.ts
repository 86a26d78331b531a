import { request } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { TestHub } from './support.ts';

test('whoever sends a large body that is refused reads why', async () => {
  await using hub = await TestHub.start();
  const status = await new Promise((resolve, reject) => {
    const sent = request(`${hub.url}/v2/library/a/manifests/v1`, { method: 'PUT' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on('error', reject);
    sent.end(Buffer.alloc(48 << 20));
  });
  expect(status).toBe(401);
});

test('a refused body that does not end is cut off', async () => {
  await using hub = await TestHub.start();
  const { port } = new URL(hub.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write('PUT /v2/library/a/manifests/v1 HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000000\r\n\r\n');
  const chunk = Buffer.alloc(1 << 20);
  let sent = 0;
  const send = () => {
    while (socket.writable && socket.write(chunk)) sent += chunk.length;
    sent += chunk.length;
  };
  socket.on('drain', send);
  socket.on('error', () => {});
  socket.resume();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  send();
  await closed;
  expect(sent).toBeLessThan(512 << 20);
});
