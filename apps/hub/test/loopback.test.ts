import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { silentLogger } from '@sampan/base';
import { afterEach, expect, test } from 'vitest';
import { listenOnLoopback } from '../src/listeners/listen-on-loopback.ts';

/** Of the machine; the second may lack. */
const LOOPBACK = ['127.0.0.1', '::1'].filter((address) =>
  Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address)),
);

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

const serve = () => {
  const server = createHttp();
  open.push(server);
  return server;
};

async function taken(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  open.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const at = (port: number, exactly: boolean) =>
  listenOnLoopback({ port, exactly, serve, logger: silentLogger });
const addresses = () =>
  open.filter((server) => server.listening).map((server) => server.address() as AddressInfo);

test.each(LOOPBACK)('a port that is another’s at %s is another’s', async (host) => {
  const port = await taken(host);
  const found = await at(port, false);
  expect(found.portTaken).toBe(port);
  expect(found.port).not.toBe(port);
  // and nothing stays open at the other address
  expect(addresses().filter((address) => address.port === port)).toHaveLength(1);
  await expect(at(port, true)).rejects.toMatchObject({ code: 'port-in-use' });
});

test('localhost is the registry by both its addresses', async () => {
  const { port, portTaken } = await at(0, false);
  expect(portTaken).toBeUndefined();
  expect(
    addresses()
      .map((address) => address.address)
      .sort(),
  ).toEqual(LOOPBACK);
  expect(addresses().every((address) => address.port === port)).toBe(true);
});
