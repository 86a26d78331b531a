import { once } from 'node:events';
import { createServer } from 'node:http';

/** Answers HTTP with its name and what it was asked; upgrades a connection to an echo. */
const [name = '', ...ports] = process.argv.slice(2);
for (const port of ports.map(Number)) {
  const server = createServer({ keepAliveTimeout: 60_000 }, ({ url, headers }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ name, url, headers }));
  });
  server.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  server.listen(port, '0.0.0.0');
  await once(server, 'listening');
}
process.stdout.write('ready\n');
