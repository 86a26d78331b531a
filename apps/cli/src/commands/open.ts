import { spawn } from 'node:child_process';
import { SampanError } from '@sampan/base';
import { findApp, listApps } from '../apps/app.ts';
import { tellTrouble } from '../apps/tell-trouble.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';

/** Prints the address of an application and, on a desktop, shows it in the browser. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options, environment } = invocation;
  const { app, url } = await withCluster(invocation, async ({ client, namespace, reach }) => {
    const found = findApp(await listApps(client, namespace), args[0] ?? '');
    return { app: found, url: found.urls.map(reach)[0] };
  });
  if (url === undefined) {
    throw new SampanError('app-not-reachable', `${app.name} is not open on a port of this machine.`, {
      hint: 'Give it one when it is made (sampan run IMAGE --port 80), or a Service of type NodePort.',
    });
  }
  process.stdout.write(`${url}\n`);
  const told = app.ready === 0 ? tellTrouble(app) : undefined;
  if (told) process.stderr.write(`It does not answer yet. ${told.problem}\n`);
  const hasDesktop = Boolean(environment.DISPLAY || environment.WAYLAND_DISPLAY);
  if (hasDesktop && options.print !== true) await show(url);
  return 0;
}

/** Where there is no such program the printed address has to do. */
function show(url: string): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('xdg-open', [url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve());
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
