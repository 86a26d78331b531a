import { since } from '@sampan/api';
import { type App, listApps, titleOf } from '../apps/app.ts';
import { tellTrouble } from '../apps/tell-trouble.ts';
import { guestOf } from '../check-cluster.ts';
import { withCluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { asCalled, saidInCluster } from '../program-name.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const apps = await withCluster(invocation, async ({ client, namespace, reach }) =>
    (await listApps(client, options.all === true ? undefined : namespace)).map((app) => ({
      ...app,
      urls: app.urls.map(reach),
    })),
  );
  const format = structuredFormat(options.output);
  if (format) await printData(apps.map(data), format);
  else if (options.output === 'name') process.stdout.write(apps.map((app) => `${titleOf(app)}\n`).join(''));
  else print(apps, invocation);
  return 0;
}

function print(apps: readonly App[], { options, environment }: Invocation): void {
  const said = (text: string) => asCalled(saidInCluster(text, guestOf({ options })), environment);
  const all = options.all === true;
  if (apps.length === 0) {
    process.stderr.write(said('Nothing runs here. Try: sampan run nginx --port 80\n'));
    return;
  }
  const header = [...(all ? ['NAMESPACE'] : []), 'NAME', 'KIND', 'READY', 'STATUS', 'IMAGE', 'URL', 'AGE'];
  const rows = apps.map((app) => [
    ...(all ? [app.namespace] : []),
    app.name,
    app.kind.ref.kind,
    app.kind.ref.kind === 'CronJob' ? '-' : `${app.ready}/${app.wanted}`,
    stateOf(app),
    app.images.join(','),
    app.urls[0] ?? '-',
    since(app.created, Date.now()),
  ]);
  process.stdout.write(tableText(header, rows));
  const troubles = apps.flatMap((app) => tellTrouble(app) ?? []);
  if (troubles.length > 0) process.stdout.write('\n');
  for (const { problem, advice } of troubles) {
    process.stdout.write(`${problem}\n${advice ? `  → ${said(advice)}\n` : ''}`);
  }
}

function stateOf(app: App): string {
  if (app.isDone) return 'Done';
  if (app.trouble) return app.trouble.reason;
  if (app.kind.ref.kind === 'CronJob') return 'Scheduled';
  if (app.wanted === 0) return 'Stopped';
  return app.ready >= app.wanted ? 'Running' : 'Starting';
}

function data(app: App) {
  const { name, namespace, kind, ready, wanted, images, urls, created } = app;
  const trouble = app.trouble && {
    step: app.trouble.step,
    reason: app.trouble.reason,
    message: app.trouble.message,
    pod: app.trouble.pod,
  };
  const state = stateOf(app);
  return { name, namespace, kind: kind.ref.kind, state, ready, wanted, images, urls, created, trouble };
}
