import type { Command } from '../../command.ts';
import { flag, hub, output, text, UNLIMITED } from './command-table.ts';

/** Looking after the registry as a whole. */
export const CARE_COMMANDS: readonly Command[] = [
  {
    ...hub(
      'usage',
      '[PROJECT…]',
      [0, UNLIMITED],
      'Show what projects hold, and what they may',
      () => import('../../commands/hub-usage.ts'),
    ),
    options: { output: output('json', 'yaml') },
  },
  {
    ...hub(
      'gc',
      '',
      [0, 0],
      'Delete what nobody needs; the registry serves meanwhile',
      () => import('../../commands/hub-gc.ts'),
    ),
    details: 'It does so by itself now and then. What a push of the last day may be about to need is let be.',
    options: {
      'dry-run': flag('Delete nothing; say what would be'),
      grace: text('TIME', 'How long blobs wait for a push (default 1d; 0: only while nobody pushes)'),
      output: output('json', 'yaml'),
    },
  },
  {
    ...hub(
      'fsck',
      '',
      [0, 0],
      'Look whether all that was pushed is there',
      () => import('../../commands/hub-fsck.ts'),
    ),
    details: 'Exit code 1 when something is missing or damaged.',
    options: { read: flag('Read every byte, too'), output: output('json', 'yaml') },
  },
  {
    ...hub(
      'retention',
      'PROJECT',
      [1, 1],
      "Run a project's retention now",
      () => import('../../commands/hub-retention.ts'),
    ),
    options: { 'dry-run': flag('Delete nothing; say what would be'), output: output('json', 'yaml') },
  },
];
