import { spawn } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';

/**
 * Packs all that is in the folders, as if they were one; gzip's checksum tells later whether it is whole. Throws
 * `archive-failed`.
 */
export const pack = (folders: readonly string[], file: string): Promise<void> =>
  // most of what is large in it, images, is packed already
  run('tar', ['-I', 'gzip -1', '-cf', file, ...folders.flatMap((folder) => ['-C', folder, '.'])]);

/** Unpacks to an empty folder: regular files and folders only, all the caller's own. Throws `archive-failed`. */
export async function unpack(file: string, folder: string): Promise<void> {
  await run('tar', ['-C', folder, '-xf', file, '--no-same-owner', '--no-same-permissions']);
  checkPlain(folder);
}

/** That files are as SHA256SUMS beside them says. Throws `archive-failed`. */
export const checkSums = (folder: string): Promise<void> =>
  run('sha256sum', ['--check', '--strict', '--status', 'SHA256SUMS'], folder);

/** Nothing that leads elsewhere. */
function checkPlain(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path);
    if (found.isDirectory()) checkPlain(path);
    else if (!found.isFile()) throw failed(`it holds ${name}, which is no file`);
  }
}

function run(program: string, args: readonly string[], cwd?: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (said.length < 1000) said += chunk;
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(failed(said.trim().split('\n')[0] || `${program} ended with ${code ?? signal}`));
    });
  });
}

const failed = (why: string): SampanError =>
  new SampanError('archive-failed', `The archive cannot be used: ${why}.`, {
    hint: 'Is it whole, is it a backup of Sampan, and is there space on the disk?',
  });
