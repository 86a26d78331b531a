import { SampanError } from '@sampan/base';
import type { Invocation } from '../command.ts';
import { withImages } from '../images.ts';

/** All names of the images go. What runs on them runs on. */
export async function run({ home, args }: Invocation): Promise<number> {
  return await withImages(home, async (runtime) => {
    for (const image of args) {
      if (!(await runtime.imageStatus(image))) {
        throw new SampanError('image-not-found', `There is no image ${JSON.stringify(image)}.`, {
          hint: 'See those that there are: sampan image ls',
        });
      }
      await runtime.removeImage(image);
      process.stdout.write(`${image} removed\n`);
    }
    return 0;
  });
}
