/**
 * A process of its own that lists as fast as it is answered: URL, certificate files and number of connections are its
 * arguments; the bodies are thrown away. What it was told to keep to (429) it keeps to. It prints how many lists it got
 * when it is ended by SIGTERM.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const [url = '', folder = '', connections = '8'] = process.argv.slice(2);
const read = (name: string) => readFileSync(`${folder}/${name}`, 'utf8');
const agent = new Agent({
  keepAlive: true,
  maxSockets: Number(connections),
  ca: read('ca.crt'),
  cert: read('client.crt'),
  key: read('client.key'),
});
let lists = 0;
let refused = 0;

function list(): Promise<void> {
  return new Promise((resolve) => {
    const asked = request(url, { agent }, (answer) => {
      answer.resume();
      answer.once('close', () => {
        if (answer.statusCode === 200) lists++;
        else refused++;
        const seconds = Number(answer.headers['retry-after'] ?? 0);
        void sleep(answer.statusCode === 429 ? seconds * 1000 : 0).then(resolve);
      });
    });
    asked.once('error', () => resolve());
    asked.end();
  });
}

process.once('SIGTERM', () => {
  console.log(JSON.stringify({ lists, refused }));
  process.exit(0);
});
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    for (;;) await list();
  }),
);
