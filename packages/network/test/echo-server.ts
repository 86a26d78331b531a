import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Answers on TCP and UDP ports with its name and the address that it sees the client have. */
const [name = '', ...ports] = process.argv.slice(2);
for (const port of ports.map(Number)) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(`${name} ${socket.remoteAddress?.replace('::ffff:', '')}`);
  });
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
  const udp = createSocket('udp4');
  udp.on('message', (_, { address, port: to }) => udp.send(`${name} ${address}`, to, address));
  udp.bind(port, '0.0.0.0');
  await once(udp, 'listening');
}
process.stdout.write('ready\n');
