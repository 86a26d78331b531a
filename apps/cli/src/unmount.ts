import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SampanError } from '@sampan/base';

/**
 * Unmounts all that is mounted below a folder, the latest first. Throws `still-mounted` when something stays: to delete
 * the folder then would delete what is mounted there.
 */
export function unmountBelow(folder: string): void {
  for (const point of mountPoints(folder).reverse()) spawnSync('umount', [point], { stdio: 'ignore' });
  const [left] = mountPoints(folder);
  if (left === undefined) return;
  throw new SampanError('still-mounted', `${left} is mounted and in use: nothing was deleted.`, {
    hint: `See who uses it: fuser -vm ${left}. Then unmount it (umount ${left}) and try again.`,
  });
}

function mountPoints(folder: string): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => plain(line.split(' ')[1] ?? ''))
    .filter((point) => point.startsWith(`${folder}/`));
}

/** /proc/mounts writes blanks and the like as three octal digits. */
function plain(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
