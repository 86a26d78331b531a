import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { changeSettings, readSettings } from '@sampan/home';
import { untilAnswers } from '../apps/answers.ts';
import { type App, listApps } from '../apps/app.ts';
import { applyObjects } from '../apps/apply.ts';
import { readObjects } from '../apps/read-objects.ts';
import { tellTrouble } from '../apps/tell-trouble.ts';
import { watchApp } from '../apps/wait-for-app.ts';
import type { Cluster } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { ensureSampleImage } from './sample-image.ts';

const NAME = 'hello';
const NAMESPACE = 'default';
/** A page of a program that is ready comes at once. */
const ANSWER_MS = 10_000;

/**
 * Makes the sample application when this home never had it, and waits until its page answers. Returns its URL;
 * undefined: somebody deleted it, and it stays away. Throws `sample-failed`, which says at which step and why.
 */
export async function runSample(
  cluster: Cluster,
  invocation: Invocation,
  timeoutMs: number,
): Promise<string | undefined> {
  const { client } = cluster;
  const { home } = invocation;
  const settings = readSettings(home);
  const isThere = settings.sampleMade === true && (await listApps(client, NAMESPACE)).some(isSample);
  if (settings.sampleMade === true && !isThere) return undefined;
  await ensureSampleImage(invocation);
  if (!isThere) {
    await applyObjects(client, readObjects(sampleFolder()), { namespace: NAMESPACE, force: true });
    changeSettings(home, (present) => ({ ...present, sampleMade: true }));
  }
  return await untilPageAnswers(cluster, timeoutMs);
}

const isSample = ({ name }: App): boolean => name === NAME;

async function untilPageAnswers({ client }: Cluster, timeoutMs: number): Promise<string | undefined> {
  let last: App | undefined;
  const app = await watchApp(client, { namespace: NAMESPACE, name: NAME, timeoutMs }, (found) => {
    last = found;
    return found && (found.ready > 0 || found.wanted === 0 || found.trouble?.lasting) ? found : undefined;
  });
  // scaled to nothing by its owner
  if (app?.wanted === 0) return undefined;
  if (!app || app.ready === 0) throw failed(last);
  const [url] = app.urls;
  // its Service was changed, or removed: its owner knows
  if (url === undefined) return undefined;
  const problem = await untilAnswers(url, ANSWER_MS);
  if (problem === undefined) return url;
  throw new SampanError(
    'sample-failed',
    `The sample runs, but its page at ${url} does not answer: ${problem}.`,
    {
      hint: 'The port of the Service leads nowhere. See: sampan status, and sampan logs --node',
    },
  );
}

function failed(app: App | undefined): SampanError {
  const told = app && tellTrouble(app);
  if (told) {
    return new SampanError('sample-failed', `The sample does not run. ${told.problem}`, {
      hint: `${told.advice ? `${told.advice}\n` : ''}See: sampan ps, and sampan logs --node`,
    });
  }
  const seen = app?.pods.length ? 'its pod has not become ready in time' : 'no pod of it was made';
  return new SampanError('sample-failed', `The sample does not run: ${seen}.`, {
    hint: 'A slow machine may need more time: sampan up --timeout 300. See: sampan logs --node',
  });
}

/** In the bundle's repository, or beside the bundle. */
function sampleFolder(): string {
  const places = [
    'examples/hello',
    '../examples/hello',
    '../../examples/hello',
    '../../../../examples/hello',
  ];
  const found = places.map((place) => join(import.meta.dirname, place)).find((folder) => existsSync(folder));
  if (found) return found;
  throw new SampanError('not-built', 'The folder examples/hello is not there.', {
    hint: 'Take the whole repository, or go without the sample: sampan up --no-sample',
  });
}
