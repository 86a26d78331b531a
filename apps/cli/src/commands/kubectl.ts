import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';
import { kubeconfigYaml, readRunState } from '@sampan/home';
import { guestOf } from '../check-cluster.ts';
import { accessOf } from '../cluster.ts';
import type { Invocation } from '../command.ts';
import { adminAccess } from '../endpoint.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { home, port, args, environment } = invocation;
  const running = readRunState(home);
  const access = accessOf(invocation, adminAccess(home, running, port));
  if (!running) process.stderr.write('Sampan does not run at the moment. Start it with: sampan up\n');
  const guest = guestOf(invocation);
  const cluster = guest === undefined ? 'sampan' : `sampan-${guest}`;
  const yaml = kubeconfigYaml(access, { cluster, user: `${cluster}-admin` });
  return await withKubeconfig(yaml, (file) => runKubectl(args, { ...environment, KUBECONFIG: file }));
}

/** A file for as long as kubectl runs: `kubectl config set-context` and plug-ins may write to it. */
async function withKubeconfig<T>(content: string, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sampan-kubectl-'));
  try {
    const file = join(folder, 'kubeconfig');
    writeFileSync(file, content, { mode: 0o600 });
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runKubectl(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('kubectl', args, { stdio: 'inherit', env });
    // the terminal sends them to kubectl too; this process only waits for it
    const ignore = () => {};
    const forward = () => child.kill('SIGTERM');
    process.on('SIGINT', ignore).on('SIGTERM', forward);
    const done = () => process.off('SIGINT', ignore).off('SIGTERM', forward);
    child.once('error', (error: NodeJS.ErrnoException) => {
      done();
      reject(error.code === 'ENOENT' ? notInstalled() : error);
    });
    child.once('exit', (code, signal) => {
      done();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}

function notInstalled(): SampanError {
  return new SampanError('kubectl-missing', 'kubectl is not installed on this machine, or not on the PATH.', {
    hint: 'Install it: apt-get install kubernetes-client (Debian), or see https://kubernetes.io/docs/tasks/tools/',
  });
}
