/** Sampan's server as users run it: the bundled process on a home of its own, with its durable SQLite file. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, startChild } from '../../tools/upstream/child.ts';
import type { Contestant } from './contestant.ts';
import type { Access } from './http.ts';
import { startTimed } from './ready.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What `make build` leaves. */
const BUNDLE = join(ROOT, 'dist', 'server.mjs');

export interface SampanOptions {
  /** Another bundle to try. */
  readonly program?: string | undefined;
  /** Flags of Node to try. */
  readonly nodeFlags?: readonly string[];
}

/** Starts the server on a new home. */
export async function startSampan(options: SampanOptions = {}): Promise<Contestant> {
  const { program = BUNDLE, nodeFlags = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bench-sampan-'));
  const home = join(folder, 'home');
  if (!existsSync(program)) throw new Error(`${program} is missing: make build`);
  const [port = 0] = await freePorts(1);
  const read = (name: string) => readFileSync(join(home, 'pki', name), 'utf8');
  const access = (): Access => ({
    url: `https://127.0.0.1:${port}`,
    ca: read('ca.crt'),
    cert: read('admin.crt'),
    key: read('admin.key'),
  });
  // upstream's has no registry beside it
  const args = [...nodeFlags, program, '--home', home, '--port', String(port), '--no-hub'];
  const start = () =>
    startTimed(access, () => startChild('sampan-server', process.execPath, args, join(folder, 'server.log')));
  let { child, startMs } = await start();
  return {
    name: 'Sampan',
    admin: access(),
    get pids() {
      return [child.pid];
    },
    get startMs() {
      return startMs;
    },
    async restart() {
      await child.stop();
      ({ child, startMs } = await start());
    },
    async stop() {
      await child.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
