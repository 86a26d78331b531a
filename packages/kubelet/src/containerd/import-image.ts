import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Readable as ReadableStream } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SampanError } from '@sampan/base';
import { CriRuntime } from '../cri/index.ts';
import { buildPauseImage, PAUSE_IMAGE } from '../image/index.ts';

/**
 * Loads the images of an archive (OCI layout or `docker save`) into the containerd at `socket`: bytes, a file's path
 * or a stream. Returns their names when pods can use them. Loading the same twice is harmless. Throws
 * `image-import-failed` with containerd's reason. Uses containerd's own `ctr`, since the CRI has no such call.
 */
export async function importImage(
  socket: string,
  archive: Uint8Array | string | Readable,
): Promise<string[]> {
  const source =
    typeof archive === 'string'
      ? createReadStream(archive)
      : archive instanceof Uint8Array
        ? ReadableStream.from([Buffer.from(archive)])
        : archive;
  const names = await runImport(socket, source);
  await visible(socket, names);
  return names;
}

/** What the CRI starts every pod with; made anew only when it is missing. */
export async function ensurePauseImage(socket: string): Promise<void> {
  const runtime = new CriRuntime(socket);
  try {
    if (await runtime.imageStatus(PAUSE_IMAGE)) return;
  } finally {
    runtime.close();
  }
  await importImage(socket, await buildPauseImage());
}

async function runImport(socket: string, source: Readable): Promise<string[]> {
  const child = spawn('ctr', ['--address', socket, '--namespace', 'k8s.io', 'images', 'import', '-'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let complaint = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
  // an importer that gives up early breaks the pipe; its own words say more
  const fed = pipeline(source, child.stdin).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
  const [code] = await Promise.all([ended, fed]).catch((error: unknown) => {
    child.kill();
    throw importFailed(String(error), error);
  });
  if (code !== 0) throw importFailed(complaint.trim());
  const names = [...output.matchAll(/^unpacking (\S+) \(/gm)].map((match) => match[1] ?? '');
  if (names.length === 0) throw importFailed('the archive holds no image with a name');
  return names;
}

function importFailed(reason: string, cause?: unknown): SampanError {
  return new SampanError('image-import-failed', `cannot load the image: ${reason}`, {
    hint: 'The archive must be an OCI layout or the output of docker save.',
    cause,
  });
}

const VISIBLE_WITHIN_MS = 10_000;

/** The CRI learns of images that others bring in by an event, a moment later. */
async function visible(socket: string, names: readonly string[]): Promise<void> {
  const runtime = new CriRuntime(socket);
  try {
    const deadline = performance.now() + VISIBLE_WITHIN_MS;
    for (const name of names) {
      while (!(await runtime.imageStatus(name))) {
        if (performance.now() > deadline)
          throw importFailed(`${name} was loaded but the runtime does not show it`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  } finally {
    runtime.close();
  }
}
