import type { Command } from '../../command.ts';
import { CHANGE, DRY_RUN, describes, flag, hub, lists, many, text, UNLIMITED } from './command-table.ts';

const ROLES = ['guest', 'developer', 'maintainer', 'admin'];

export const ROBOT_COMMANDS: readonly Command[] = [
  {
    ...hub(
      'robot create',
      'PROJECT/NAME|NAME',
      [1, 1],
      'Make a login for programs; its secret is shown once',
      () => import('../../commands/hub-robot-create.ts'),
    ),
    details: `For example: sampan hub robot create shop/ci --role developer --expires 90d -o json`,
    options: {
      role: { ...text('ROLE', 'What it may do: guest, developer, maintainer, admin'), choices: ROLES },
      project: many('NAME', 'Of a robot without a project in its name: where; may be repeated'),
      'all-projects': flag('Everywhere'),
      expires: text('TIME', 'How long it can be used, as 90d (default: for ever)'),
      description: text('TEXT', 'What it is for'),
      'secret-in': text('NAMESPACE/NAME', 'Let the registry make the secret, as an imagePullSecret'),
      ...CHANGE,
      ...DRY_RUN,
    },
  },
  {
    ...hub('robot update', 'PROJECT/NAME|NAME', [1, 1], 'Change a robot; its secret stays', async () => {
      const [{ updateOf }, { ROBOT }, { robotPatch }] = await Promise.all([
        import('../hub-objects.ts'),
        import('../robot-kind.ts'),
        import('../robot-spec.ts'),
      ]);
      return { run: updateOf(ROBOT, robotPatch) };
    }),
    options: {
      role: { ...text('ROLE', 'What it may do: guest, developer, maintainer, admin'), choices: ROLES },
      project: many('NAME', 'With --role: where; may be repeated'),
      'all-projects': flag('With --role: everywhere'),
      expires: text('TIME', 'How long it can be used from now; "never": for ever'),
      disable: flag('It may do nothing from now on'),
      enable: flag('It may log in again'),
      description: text('TEXT', 'What it is for'),
      ...CHANGE,
      ...DRY_RUN,
    },
  },
  {
    ...hub(
      'robot renew',
      'PROJECT/NAME|NAME',
      [1, 1],
      'Give a robot a new secret; the old one ends',
      () => import('../../commands/hub-robot-renew.ts'),
    ),
    options: { expires: text('TIME', 'How long it can be used from now'), ...CHANGE },
  },
  lists('robot', '[PROJECT]', 'List robots', async () => {
    const [{ listOf }, { ROBOT }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../robot-kind.ts'),
    ]);
    return { run: listOf(ROBOT) };
  }),
  describes('robot', 'PROJECT/NAME|NAME', 'Show what a robot may do', async () => {
    const [{ describeOf }, { ROBOT }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../robot-kind.ts'),
    ]);
    return { run: describeOf(ROBOT) };
  }),
  hub('robot delete', 'PROJECT/NAME|NAME…', [1, UNLIMITED], 'Delete robots: their secrets end', async () => {
    const [{ deleteOf }, { ROBOT }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../robot-kind.ts'),
    ]);
    return { run: deleteOf(ROBOT) };
  }),
];
