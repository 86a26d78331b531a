import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileBlobStore } from '../src/index.ts';
import { behaviour } from './suite.ts';

behaviour('files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sampan-blobs-'));
  return {
    open: () => openFileBlobStore(folder),
    remove: () => rm(folder, { recursive: true }),
  };
});
