import { createServer } from 'node:net';
import { readRunState, readSettings } from '@sampan/home';
import type { Finding, Machine } from './checks.ts';
import { readable } from './readable.ts';

const USUAL_PORT = 6443;
const USUAL_HUB_PORT = 5000;

/** The TLS port. */
export async function checkPort({ home, port }: Machine): Promise<Finding> {
  const running = readable(() => readRunState(home));
  if (running) return { level: 'ok', found: `${running.port} is Sampan's own (process ${running.pid})` };
  const wanted = port ?? readable(() => readSettings(home).port) ?? USUAL_PORT;
  if (await isFree(wanted)) return { level: 'ok', found: `${wanted} is free` };
  const level = port === undefined ? 'warning' : 'problem';
  const mend =
    port === undefined
      ? 'Nothing to do: "sampan up" will take a free one and say which.'
      : 'Name another one with --port.';
  return { level, found: `${wanted} is taken by another program`, mend };
}

/** The registry's, on loopback. */
export async function checkHubPort({ home }: Machine): Promise<Finding> {
  const running = readable(() => readRunState(home));
  if (running) {
    const { hubPort } = running;
    if (hubPort === undefined) return { level: 'ok', found: 'Sampan runs without it' };
    // it is a process of its own, and may be ending or beginning
    if (!(await isFree(hubPort))) return { level: 'ok', found: `localhost:${hubPort} is Sampan's own` };
    const mend = 'It is started again by itself. See: sampan logs --hub';
    return { level: 'warning', found: `does not answer at localhost:${hubPort}`, mend };
  }
  const wanted = readable(() => readSettings(home).hubPort) ?? USUAL_HUB_PORT;
  if (await isFree(wanted)) return { level: 'ok', found: `port ${wanted} is free` };
  const mend = 'Nothing to do: "sampan up" will take a free one and say which.';
  return { level: 'warning', found: `port ${wanted} is taken by another program`, mend };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
