/** Child processes that a test owns: started with a log file, waited for, ended by their own pid. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One running program. `stop` may be called twice; it resolves when the process is gone. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** False once the program has ended, by itself or by `stop`. */
  readonly running: boolean;
  stop(): Promise<void>;
}

const KILL_AFTER_MS = 10_000;

/** Starts `program`; output goes to `logFile`. */
export function startChild(name: string, program: string, args: readonly string[], logFile: string): Child {
  const log = openSync(logFile, 'a');
  const child: ChildProcess = spawn(program, [...args], { stdio: ['ignore', log, log] });
  closeSync(log);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  return {
    name,
    pid: child.pid ?? -1,
    logFile,
    get running() {
      return !ended;
    },
    async stop() {
      if (ended) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
      await exited;
      clearTimeout(killer);
    },
  };
}

/** `count` TCP ports on loopback that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port was given');
    return address.port;
  });
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** What `waitForReady` asks and with which certificates. */
export interface ReadyCheck {
  readonly url: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Waits until `check.url` answers 200.
 * Throws with the end of the log when the child ends first or `timeoutMs` (default 60 s) passes.
 */
export async function waitForReady(child: Child, check: ReadyCheck, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (child.running && Date.now() < end) {
    if ((await statusOf(check)) === 200) return;
    await sleep(100);
  }
  const why = child.running ? `is not ready after ${timeoutMs} ms` : 'ended before it was ready';
  throw new Error(`${child.name} ${why}; the end of ${child.logFile}:\n${logEnd(child.logFile)}`);
}

function logEnd(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-15).join('\n');
}

function statusOf({ url, ca, cert, key }: ReadyCheck): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(url, { ca, cert, key, agent: false, timeout: 5000 }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode ?? 0));
    });
    asked.once('error', () => resolve(0));
    asked.once('timeout', () => asked.destroy());
    asked.end();
  });
}
