/**
 * Which proxy of Debian serves Ingress best, in one run on one machine:
 *
 *     node bench/ingress.ts [--seconds 5]
 *
 * For each: requests per second with wrk over HTTP and TLS, latencies, processor time for a request (what other work
 * on the machine disturbs least), memory, and what becomes of requests and of an open WebSocket-like connection
 * while it reads its configuration anew ten times. The backend is nginx, for all of them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createCertificateAuthority, issueCertificate } from '@sampan/machinery';
import { cpuSeconds, residentMb } from './apiserver/process-stats.ts';
import { CONTESTANTS, type Contestant, type Setting } from './ingress/contestants.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '5' } } });
const SECONDS = Number(values.seconds);
const RELOADS = 10;

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  for (const server of servers) server.close();
  return ports;
}

async function dial(port: number): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (tries > 200) throw error;
      await sleep(25);
    }
  }
}

/** A process and all that it started. */
function family(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // it ended meanwhile
    }
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found;
}

interface Outcome {
  readonly rate: number;
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
}

const SCRIPT = `done = function(s, l)
  io.write(string.format("RESULT %d %d %d %d %d\\n", s.requests, s.duration, l:percentile(50), l:percentile(99),
    s.errors.connect + s.errors.read + s.errors.write + s.errors.timeout + s.errors.status))
end`;

async function load(url: string, folder: string): Promise<Outcome> {
  const script = join(folder, 'wrk.lua');
  writeFileSync(script, SCRIPT);
  const child = spawn('wrk', ['-t1', '-c32', `-d${SECONDS}s`, '--latency', '-s', script, url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const part of child.stdout) text += part;
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`wrk said nothing usable: ${text}`);
  const [requests = 0, micros = 1, p50 = 0, p99 = 0, failed = 0] = line.split(' ').map(Number);
  return { requests, rate: requests / (micros / 1e6), p50: p50 / 1000, p99: p99 / 1000, failed };
}

async function startBackend(folder: string, port: number): Promise<ChildProcess> {
  const file = join(folder, 'backend.conf');
  writeFileSync(
    file,
    `worker_processes 1; daemon off; user root; pid ${join(folder, 'backend.pid')}; error_log /dev/null;
events { worker_connections 4096; }
http { access_log off; server { listen 127.0.0.1:${port}; keepalive_requests 10000000; location / { return 200 "hello\\n"; } } }
`,
  );
  const child = spawn('nginx', ['-c', file], { stdio: 'inherit' });
  (await dial(port)).destroy();
  return child;
}

function reload(contestant: Contestant, setting: Setting, pid: number): void {
  const how = contestant.reload(setting);
  if (typeof how === 'string') process.kill(pid, how);
  else execFileSync(how[0], how.slice(1), { stdio: 'ignore' });
}

async function measure(contestant: Contestant, setting: Setting): Promise<void> {
  for (const [name, text] of Object.entries(contestant.files(setting)))
    writeFileSync(join(setting.folder, name), text, { mode: 0o600 });
  const [program, ...args] = contestant.command(setting);
  const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, HOME: setting.folder } });
  const pid = child.pid ?? 0;
  try {
    (await dial(setting.tlsPort)).destroy();
    await sleep(500);
    const idle = residentMb(family(pid));
    const report: string[] = [];
    for (const url of [`http://127.0.0.1:${setting.httpPort}/`, `https://127.0.0.1:${setting.tlsPort}/`]) {
      const before = cpuSeconds(family(pid));
      const { rate, requests, p50, p99, failed } = await load(url, setting.folder);
      const cost = ((cpuSeconds(family(pid)) - before) / requests) * 1e6;
      report.push(
        `${url.startsWith('https') ? 'TLS ' : 'HTTP'} ${Math.round(rate)}/s, p50 ${p50} ms, p99 ${p99} ms, ${cost.toFixed(1)} µs of processor each, ${failed} failed`,
      );
    }
    const busy = residentMb(family(pid));
    const held = await dial(setting.httpPort);
    let isHeldOpen = true;
    held.on('close', () => {
      isHeldOpen = false;
    });
    held.on('error', () => {});
    held.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const during = load(`http://127.0.0.1:${setting.httpPort}/`, setting.folder);
    for (let i = 0; i < RELOADS; i++) {
      await sleep((SECONDS * 1000) / (RELOADS + 2));
      reload(contestant, setting, pid);
    }
    const { requests, failed, p99 } = await during;
    const after = residentMb(family(pid));
    held.destroy();
    console.log(
      `${contestant.name}: ${idle.toFixed(0)} MB idle, ${busy.toFixed(0)} MB after load, ${after.toFixed(0)} MB after ${RELOADS} reloads`,
    );
    for (const line of report) console.log(`  ${line}`);
    console.log(
      `  reloads: ${failed} of ${requests} requests failed, p99 ${p99} ms, a request that was half sent ${isHeldOpen ? 'went on' : 'was cut'}`,
    );
  } finally {
    child.kill('SIGTERM');
    await Promise.race([once(child, 'exit'), sleep(3000).then(() => child.kill('SIGKILL'))]);
  }
}

const authority = createCertificateAuthority('bench');
const { certificatePem, privateKeyPem } = issueCertificate(authority, {
  subject: { commonName: 'bench', organizations: [] },
  usages: ['digital signature', 'server auth'],
  ipAddresses: ['127.0.0.1'],
});
const certificate = `${certificatePem}${privateKeyPem ?? ''}`;
const root = mkdtempSync(join(tmpdir(), 'sampan-ingress-'));
const [backendPort = 0, httpPort = 0, tlsPort = 0] = await freePorts(3);
const backend = await startBackend(root, backendPort);
try {
  for (const contestant of CONTESTANTS) {
    const folder = mkdtempSync(join(root, contestant.name));
    await measure(contestant, { folder, httpPort, tlsPort, backendPort, certificate });
  }
} finally {
  backend.kill('SIGTERM');
  await once(backend, 'exit');
  rmSync(root, { recursive: true, force: true });
}
