import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SampanError } from '@sampan/base';

export const UNIT_FOLDER = '/etc/systemd/system';

/** Throws `needs-root`, `no-systemd`. */
export function checkSystemd(): void {
  if (process.getuid?.() !== 0) {
    throw new SampanError('needs-root', 'Only root can say what starts with the machine.', {
      hint: 'Run the command with sudo.',
    });
  }
  // sd_booted(3)
  if (existsSync('/run/systemd/system')) return;
  throw new SampanError('no-systemd', 'This machine was not started by systemd.', {
    hint: 'See the units, and do the same by its own means: sampan service install --print',
  });
}

/** Runs systemctl; throws `systemd-failed` with its words. */
export function systemctl(...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync('systemctl', args, { encoding: 'utf8' });
  if (status === 0) return;
  const reason = error?.message ?? stderr.trim();
  throw new SampanError('systemd-failed', `systemctl ${args.join(' ')} failed: ${reason}`, {
    hint: 'Its log says more: journalctl -xe',
  });
}

/** Removes the units of a home; names of those that were there. */
export function removeUnits(names: readonly string[]): string[] {
  const present = names.filter((name) => existsSync(join(UNIT_FOLDER, name)));
  if (present.length === 0) return [];
  // what runs of them goes on: "down" is the command that stops
  systemctl('disable', ...present);
  for (const name of present) rmSync(join(UNIT_FOLDER, name));
  systemctl('daemon-reload');
  return present;
}
