import { existsSync } from 'node:fs';
import { SampanError } from '@sampan/base';
import { importImage } from '@sampan/kubelet';
import type { Invocation } from '../command.ts';
import { imageSocket } from '../images.ts';

/** Takes images from an archive, so that pods can use them without a registry. */
export async function run({ home, args }: Invocation): Promise<number> {
  const [file = '-'] = args;
  const socket = imageSocket(home);
  if (file !== '-' && !existsSync(file)) {
    throw new SampanError('file-not-found', `There is no file ${file}.`, {
      hint: 'For example: docker save myapp | sudo sampan image load -',
    });
  }
  const names = await importImage(socket, file === '-' ? process.stdin : file);
  for (const name of names) process.stdout.write(`${name} loaded\n`);
  return 0;
}
