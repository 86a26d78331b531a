import { existsSync, rmSync } from 'node:fs';
import { SampanError } from '@sampan/base';
import { isHome } from '@sampan/home';
import type { Invocation } from '../command.ts';
import { stopAll } from '../processes/stop-all.ts';
import { removeUnits } from '../service/systemd.ts';
import { unitNames } from '../service/units.ts';
import { unmountBelow } from '../unmount.ts';

export async function run({ home, options }: Invocation): Promise<number> {
  if (!existsSync(home.root)) {
    process.stdout.write(`There is nothing at ${home.root}.\n`);
    return 0;
  }
  if (!isHome(home.root)) {
    throw new SampanError('not-a-home', `${home.root} is not a Sampan home: nothing was deleted.`, {
      hint: 'Name the home with --home.',
    });
  }
  if (options.confirm !== true) {
    throw new SampanError(
      'not-confirmed',
      `This deletes ${home.root} with all objects, images, volumes, keys and users, for good.`,
      {
        hint: 'If that is what you want: sampan reset --confirm',
      },
    );
  }
  await stopAll(home, { now: true });
  // or else the machine would make it anew when it starts
  removeUnits(Object.values(unitNames(home.root)));
  unmountBelow(home.root);
  rmSync(home.root, { recursive: true, force: true });
  process.stdout.write(`${home.root} deleted\n`);
  return 0;
}
