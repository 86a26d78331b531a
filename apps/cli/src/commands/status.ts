import { readFileSync } from 'node:fs';
import { type RunState, readRunState } from '@sampan/home';
import manifest from '../../package.json' with { type: 'json' };
import type { Invocation } from '../command.ts';
import { adminAccess, apiUrl } from '../endpoint.ts';
import { asCalled } from '../program-name.ts';
import { getJson } from '../request.ts';
import { printData, structuredFormat, tableText } from '../structured.ts';

interface ProcessStatus {
  readonly name: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
}

interface Status {
  readonly state: 'stopped' | 'starting' | 'ready' | 'unhealthy';
  readonly version: string;
  readonly home: string;
  readonly uptimeSeconds: number;
  readonly memoryBytes: number;
  /** Stored objects; null when the server does not say. */
  readonly objects: number | null;
  readonly endpoints: Readonly<Record<string, string>>;
  readonly processes: readonly ProcessStatus[];
}

export async function run(invocation: Invocation): Promise<number> {
  const status = await readStatus(invocation);
  const format = structuredFormat(invocation.options.output);
  if (format) await printData(status, format);
  else process.stdout.write(asCalled(text(status), invocation.environment));
  return status.state === 'stopped' ? 1 : 0;
}

async function readStatus({ home, port }: Invocation): Promise<Status> {
  const running = readRunState(home);
  const processes = running ? [processStatus('server', running)] : [];
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
    endpoints: running ? { kubernetes: apiUrl(home, running) } : {},
    processes,
  };
}

function processStatus(name: string, { pid, startedAt }: RunState): ProcessStatus {
  return {
    name,
    pid,
    uptimeSeconds: Math.round((Date.now() - startedAt) / 1000),
    memoryBytes: residentBytes(pid),
  };
}

/** Resident memory, proc(5) VmRSS; 0 when the process is gone. */
function residentBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
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
    ...Object.entries(status.endpoints).map(
      ([name, url]) => `${name === 'kubernetes' ? 'API' : name}        ${url}`,
    ),
    `Objects    ${status.objects ?? 'unknown'}`,
  ];
  return `${facts.join('\n')}\n\n${tableText(['PROCESS', 'PID', 'UPTIME', 'MEMORY'], rows)}`;
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
