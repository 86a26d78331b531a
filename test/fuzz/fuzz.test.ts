import { Agent, request } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CORPORA } from '../differential/corpus.ts';
import type { Step } from '../differential/step.ts';
import { type Plane, startPlane } from '../support/plane.ts';
import { mutate, mutateText, Random } from './mutate.ts';

/** Requests sent; `FUZZ_ROUNDS` for a longer hunt. */
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 20_000);
const AT_ONCE = 64;
const WATCH_MS = 3000;
const QUERIES = [
  'dryRun=All',
  'fieldManager=x',
  'limit=-1',
  'continue=e30',
  'labelSelector=%21%21',
  'fieldSelector=a%3D',
  'watch=1&timeoutSeconds=1',
  'resourceVersion=-5',
  'force=true',
  'fieldValidation=Strict',
  'pretty=1',
  'gracePeriodSeconds=x',
  '%zz',
  'a=%00',
];
const TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'text/html',
  ';;;',
];
const ACCEPTS = [
  'application/json',
  '*/*',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/yaml',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  ';q=',
  'text/plain',
];

let plane: Plane;
let agent: Agent;

beforeAll(async () => {
  plane = await startPlane({ legacyApis: true });
  agent = new Agent({ keepAlive: true, ca: plane.ca, cert: plane.cert, key: plane.key });
});

afterAll(async () => {
  agent.destroy();
  await plane.close();
});

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

const steps: readonly Step[] = [...CORPORA.core, ...CORPORA.apiextensions]
  .flatMap((scenario) => [...scenario.steps])
  .filter((step) => step.method !== 'OPTIONS' && step.events === undefined);

function shoot(random: Random): Shot {
  const step = random.pick(steps);
  // the scenarios' own namespaces are not there: requests would end before they reach their kind
  let path = step.path
    .replace(/\$\{[^}]*\}/g, 'x')
    .replace(/namespaces\/trial-[^/?]+\//, 'namespaces/default/');
  if (random.below(3) === 0) path += `${path.includes('?') ? '&' : '?'}${random.pick(QUERIES)}`;
  if (random.below(8) === 0)
    path = mutateText(path, random)
      .replace(/[^\x21-\x7e]/g, '%ff')
      .replace(/^[^/]*/, '/');
  const method =
    random.below(10) === 0 ? random.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) : step.method;
  const headers: Record<string, string> = {
    accept: random.pick(ACCEPTS),
    'content-type': random.below(4) === 0 ? random.pick(TYPES) : (step.type ?? 'application/json'),
  };
  return { method, path: path || '/', headers, body: bodyOf(step, random) };
}

function bodyOf(step: Step, random: Random): Buffer {
  let value: unknown = step.body ?? {};
  for (let i = random.below(3); i >= 0; i--) value = mutate(value, random);
  const text = step.raw ?? JSON.stringify(value) ?? '';
  return Buffer.from(random.below(6) === 0 ? mutateText(text, random) : text);
}

/** The answer's status; 0 when the connection was ended without one. */
function fire(shot: Shot): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${plane.url}${shot.path}`,
      { agent, method: shot.method, headers: { ...shot.headers, 'content-length': shot.body.length } },
      (answer) => {
        // a watch whose time limit was mutated away: it has been answered
        const enough = setTimeout(() => {
          resolve({ status: answer.statusCode ?? 0, text: '' });
          asked.destroy();
        }, WATCH_MS);
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => clearTimeout(enough));
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
        answer.on('error', reject);
      },
    );
    asked.setTimeout(20_000, () =>
      asked.destroy(new Error(`no answer in 20 s: ${shot.method} ${shot.path}`)),
    );
    asked.on('error', reject);
    asked.end(shot.body);
  });
}

function describeShot({ method, path, headers, body }: Shot, status: number, text: string): string {
  const sent = `${method} ${path} ${headers['content-type']} ${body.toString().slice(0, 400)}`;
  return `${sent} -> ${status} ${text.slice(0, 300)}`;
}

describe('mutated requests', () => {
  it('are answered with 2xx or 4xx, never 5xx, and do not stop the server', async () => {
    const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
    const random = new Random(seed);
    const bad: string[] = [];
    let left = ROUNDS;
    const sender = async () => {
      while (left-- > 0) {
        const shot = shoot(random);
        const { status, text } = await fire(shot);
        // as upstream: a version that was never there, and (until there is one) what needs a node agent
        const foreseen =
          text.includes('ResourceVersionTooLarge') || (status === 503 && text.includes('node agent'));
        if (status < 200 || (status >= 500 && !foreseen)) bad.push(describeShot(shot, status, text));
      }
    };
    // some requests wait for a second or two; the others go on meanwhile
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    expect({ seed, bad, errors: plane.errors }).toEqual({ seed, bad: [], errors: [] });
    expect((await fire({ method: 'GET', path: '/readyz', headers: {}, body: Buffer.alloc(0) })).status).toBe(
      200,
    );
  }, 180_000);
});
