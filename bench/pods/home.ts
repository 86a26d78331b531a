/** A home of its own for the benchmark, run as users run it: the bundled programs, started by `./sampan up`. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** What a shell may have set for programs of Node weighs on them. */
const { NODE_EXTRA_CA_CERTS: _, NODE_OPTIONS: __, ...env } = process.env;
const SAMPAN = join(import.meta.dirname, '../../sampan');

export interface Home {
  readonly folder: string;
  /** Milliseconds from `up` to the sample page's answer. */
  readonly upMs: number;
  readonly kubeconfig: string;
  /** Of the server and of the node process. */
  readonly pids: readonly number[];
  /** Stops all of it and starts it again; milliseconds as `upMs`. */
  again(): Promise<number>;
  end(): Promise<void>;
}

export async function startHome(): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-bench-'));
  const sampan = (...args: string[]) => run(SAMPAN, [...args, '--home', folder], { timeout: 120_000, env });
  const end = async () => {
    await sampan('down');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const upMs = await up(sampan);
    const { stdout: kubeconfig } = await sampan('kubeconfig');
    return {
      folder,
      upMs,
      kubeconfig,
      get pids() {
        return ['run/server.json', 'node/run.json'].map(
          (name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { pid: number }).pid,
        );
      },
      again: async () => {
        await sampan('down');
        return await up(sampan);
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

async function up(sampan: (...args: string[]) => Promise<{ stdout: string }>): Promise<number> {
  const began = performance.now();
  const { stdout } = await sampan('up');
  const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(stdout)?.[0];
  if (url === undefined) throw new Error(`there is no sample application: ${stdout}`);
  const { ok, status } = await fetch(url);
  if (!ok) throw new Error(`the sample application answers ${status}`);
  return performance.now() - began;
}
