import type { Invocation } from '../command.ts';
import { checkSystemd, removeUnits } from '../service/systemd.ts';
import { unitNames } from '../service/units.ts';

/** What runs goes on; it only does not start with the machine any more. */
export async function run({ home }: Invocation): Promise<number> {
  checkSystemd();
  const removed = removeUnits(Object.values(unitNames(home.root)));
  process.stdout.write(
    removed.length > 0 ? `${removed.join(' and ')} removed.\n` : 'There are no units of this home.\n',
  );
  return 0;
}
