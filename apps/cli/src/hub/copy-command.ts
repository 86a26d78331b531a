import {
  type ContentSource,
  type ContentTarget,
  type Copied,
  copyImage,
  imageFor,
  type Manifest,
  parsePlatform,
} from '@sampan/oci';
import type { Invocation } from '../command.ts';
import { printData, structuredFormat } from '../structured.ts';
import { numberOf } from '../values.ts';
import { CopyProgress } from './copy-progress.ts';

/** How many blobs people may have moved at once. */
const MOST_JOBS = 32;

interface Job {
  readonly source: ContentSource;
  readonly target: ContentTarget;
  readonly image: Manifest;
  readonly tags: readonly string[];
}

/** Copies an image as the options want it, and shows how it goes on. */
export async function copyShown({ options }: Pick<Invocation, 'options'>, job: Job): Promise<Copied> {
  const image = await wantedPart(options, job.source, job.image);
  const jobs = numberOf('jobs', options.jobs, { least: 1, most: MOST_JOBS });
  const watcher = new CopyProgress();
  try {
    return await copyImage({ ...job, image, jobs, watcher });
  } finally {
    watcher.close();
  }
}

async function wantedPart(
  options: Invocation['options'],
  source: ContentSource,
  image: Manifest,
): Promise<Manifest> {
  const { platform } = options;
  return typeof platform === 'string' ? await imageFor(source, image, parsePlatform(platform)) : image;
}

/** What was copied: for people a line with the digest, on stdout. */
export async function printCopied(
  { options }: Pick<Invocation, 'options'>,
  word: string,
  copied: readonly (Copied & { readonly name: string })[],
): Promise<void> {
  const format = structuredFormat(options.output);
  if (format) {
    const shown = copied.map(({ name, digest, blobs, movedBytes }) => ({ name, digest, blobs, movedBytes }));
    await printData(shown.length === 1 ? shown[0] : shown, format);
    return;
  }
  for (const { name, digest } of copied) {
    process.stdout.write(options.output === 'name' ? `${name}\n` : `${name} ${word} (${digest})\n`);
  }
}
