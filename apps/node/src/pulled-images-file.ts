import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HomeLayout, isMissing, writeFileSafely } from '@sampan/home';
import { PulledImages } from '@sampan/kubelet';

/** What this machine remembers of who fetched which image. Throws `pulled-images-invalid`. */
export function openPulledImages({ node }: HomeLayout): PulledImages {
  const file = join(node.root, 'pulled-images.json');
  return new PulledImages({
    read() {
      try {
        return readFileSync(file, 'utf8');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    write: (text) => writeFileSafely(file, text),
  });
}
