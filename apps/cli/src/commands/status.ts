import { statfsSync } from 'node:fs';
import { type HomeLayout, type RunState, readRunState } from '@sampan/home';
import manifest from '../../package.json' with { type: 'json' };
import type { AppTrouble, NodeStatus } from '../apps/troubles.ts';
import type { Invocation } from '../command.ts';
import { adminAccess, apiUrl } from '../endpoint.ts';
import { type ProcessStatus, processesOf } from '../processes/process-status.ts';
import { asCalled } from '../program-name.ts';
import { getJson } from '../request.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

interface Status {
  readonly state: 'stopped' | 'starting' | 'ready' | 'unhealthy';
  readonly version: string;
  readonly home: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  /** Stored objects; null when the server does not say. */
  readonly objects: number | null;
  readonly endpoints: Readonly<Record<string, string>>;
  /** The registry; null: there is none, or it does not run. */
  readonly hub: { readonly url: string; readonly port: number } | null;
  readonly processes: readonly ProcessStatus[];
  readonly nodes: readonly NodeStatus[];
  /** Applications that do not run as they should. */
  readonly troubles: readonly AppTrouble[];
}

export async function run(invocation: Invocation): Promise<number> {
  const status = await readStatus(invocation);
  const format = structuredFormat(invocation.options.output);
  if (format) await printData(status, format);
  else process.stdout.write(asCalled(text(status), invocation.environment));
  return status.state === 'stopped' ? 1 : 0;
}

async function readStatus(invocation: Invocation): Promise<Status> {
  const { home, port } = invocation;
  const running = readRunState(home);
  const hub = hubOf(running);
  const processes = processesOf(home, running);
  const memoryBytes = processes.reduce((sum, { memoryBytes: bytes }) => sum + bytes, 0);
  const answer = running && (await getJson(adminAccess(home, running, port), '/sampan/status'));
  const objects = answer?.status === 200 ? (answer.body as { objects: number }).objects : null;
  return {
    state: !running
      ? 'stopped'
      : running.state === 'starting'
        ? 'starting'
        : objects === null
          ? 'unhealthy'
          : 'ready',
    version: running?.version ?? manifest.version,
    home: home.root,
    uptimeSeconds: processes[0]?.uptimeSeconds ?? 0,
    memoryBytes,
    objects,
    hub,
    endpoints: running ? { kubernetes: apiUrl(home, running), ...(hub ? { hub: hub.url } : {}) } : {},
    processes,
    ...(running && objects !== null
      ? await readCluster(invocation)
      : { nodes: [], troubles: running ? diskTroubles(home) : [] }),
  };
}

function hubOf(running: RunState | undefined): Status['hub'] {
  const port = running?.hubPort;
  return port === undefined ? null : { url: `http://localhost:${port}`, port };
}

/** Loaded when there is a cluster to ask: a stopped Sampan is told at once. */
async function readCluster(invocation: Invocation): Promise<Pick<Status, 'nodes' | 'troubles'>> {
  const { readTroubles } = await import('../apps/troubles.ts');
  const { withCluster } = await import('../cluster.ts');
  const found = await withCluster(invocation, ({ client }) => readTroubles(client));
  return { ...found, troubles: [...diskTroubles(invocation.home), ...found.troubles] };
}

/** Below it writes begin to fail, and soon those of the API, too. */
const LEAST_FREE_BYTES = 100 << 20;

function diskTroubles(home: HomeLayout): AppTrouble[] {
  const { bavail, bsize } = statfsSync(home.root);
  if (bavail * bsize >= LEAST_FREE_BYTES) return [];
  return [
    {
      namespace: '',
      name: 'disk',
      reason: 'DiskFull',
      problem: `disk: ${megabytes(bavail * bsize)} are free for ${home.root}`,
      advice: 'Free some: sampan image ls shows what images take; sampan doctor shows more.',
    },
  ];
}

function text(status: Status): string {
  if (status.state === 'stopped')
    return `Sampan ${status.version} does not run on ${status.home}.\nStart it with: sampan up\n`;
  const rows = status.processes.map(({ name, pid, uptimeSeconds, memoryBytes }) => [
    name,
    String(pid),
    duration(uptimeSeconds),
    megabytes(memoryBytes),
  ]);
  const facts = [
    `Sampan     ${status.version}, ${status.state}`,
    `Home       ${status.home}`,
    ...(status.endpoints.kubernetes ? [`API        ${status.endpoints.kubernetes}`] : []),
    ...(status.hub ? [`Registry   ${registryText(status.hub, status.processes)}`] : []),
    `Objects    ${status.objects ?? 'unknown'}`,
  ];
  const nodes = status.nodes.map(
    ({ name, ready, message }) => `${name}: ${ready ? 'ready' : 'not ready'}${message && ` (${message})`}`,
  );
  const isUnattended =
    status.processes.some(({ name }) => name === 'containerd') &&
    !status.processes.some(({ name }) => name === 'node');
  const containers = [
    nodes.length > 0 ? nodes.join('; ') : 'do not run on this machine',
    ...(isUnattended ? ['nothing looks after them; start it: sampan up'] : []),
  ].join('; ');
  const troubles = status.troubles.map(
    ({ problem, advice }) => `${problem}\n${advice ? `  → ${advice}\n` : ''}`,
  );
  return `${facts.join('\n')}
Containers ${containers}

${tableText(['PROCESS', 'PID', 'UPTIME', 'MEMORY'], rows)}
${troubles.length > 0 ? `In trouble:\n${troubles.join('')}` : 'No application is in trouble.\n'}`;
}

function registryText({ port }: NonNullable<Status['hub']>, processes: Status['processes']): string {
  const runs = processes.some(({ name }) => name === 'hub');
  return runs ? `localhost:${port}` : `localhost:${port}, but it does not run; see: sampan logs --hub`;
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

function duration(seconds: number): string {
  const units: [string, number][] = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ];
  const [unit, size] = units.find(([, length]) => seconds >= length * 2) ?? ['s', 1];
  return `${Math.floor(seconds / size)}${unit}`;
}
