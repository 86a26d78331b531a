import type { Command, OptionSpec } from '../../command.ts';
import {
  CHANGE,
  DRY_RUN,
  describes,
  flag,
  hub,
  LIST,
  lists,
  many,
  text,
  UNLIMITED,
} from './command-table.ts';

const WEBHOOK_OPTIONS = {
  event: many('EVENT', 'push, pull, delete, quota; may be repeated (default push and delete)'),
  filter: text('[REPOS:]TAGS', 'Only of these; "none": of all'),
  secret: text('NAMESPACE/NAME[/KEY]', 'Secret by which it is signed; "none": not signed'),
  ca: text('FILE', 'Certificate of the receiver’s own authority, PEM; "none": the usual ones'),
  description: text('TEXT', 'What it is for'),
  ...CHANGE,
  ...DRY_RUN,
} as const satisfies Record<string, OptionSpec>;

export const WEBHOOK_COMMANDS: readonly Command[] = [
  {
    ...hub(
      'webhook create',
      'PROJECT/NAME URL',
      [2, 2],
      'Tell a URL what happens in a project',
      () => import('../../commands/hub-webhook-create.ts'),
    ),
    details: `For example: sampan hub webhook create shop/ci https://ci.example.com/hook --event push --filter "web:v*"`,
    options: WEBHOOK_OPTIONS,
  },
  lists('webhook', '[PROJECT]', 'List webhooks, and how they fare', async () => {
    const [{ listOf }, { WEBHOOK }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../webhook-kind.ts'),
    ]);
    return { run: listOf(WEBHOOK) };
  }),
  describes('webhook', 'PROJECT/NAME', 'Show what a webhook is', async () => {
    const [{ describeOf }, { WEBHOOK }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../webhook-kind.ts'),
    ]);
    return { run: describeOf(WEBHOOK) };
  }),
  {
    ...hub('webhook deliveries', 'PROJECT/NAME', [1, 1], 'List what a webhook was told', async () => {
      const [{ listOf }, { DELIVERY }] = await Promise.all([
        import('../hub-objects.ts'),
        import('../content-kinds.ts'),
      ]);
      return { run: listOf(DELIVERY) };
    }),
    options: LIST,
  },
  {
    ...hub(
      'webhook update',
      'PROJECT/NAME',
      [1, 1],
      'Change a webhook; what is not named stays',
      async () => {
        const [{ updateOf }, { WEBHOOK }, { webhookPatch }] = await Promise.all([
          import('../hub-objects.ts'),
          import('../webhook-kind.ts'),
          import('../webhook-spec.ts'),
        ]);
        return { run: updateOf(WEBHOOK, webhookPatch) };
      },
    ),
    options: {
      url: text('URL', 'Who is told'),
      disable: flag('Send nothing from now on'),
      enable: flag('Send again'),
      ...WEBHOOK_OPTIONS,
    },
  },
  {
    ...hub(
      'webhook replay',
      'PROJECT/NAME DELIVERY',
      [2, 2],
      'Send a delivery again',
      () => import('../../commands/hub-webhook-replay.ts'),
    ),
    options: CHANGE,
  },
  hub('webhook delete', 'PROJECT/NAME…', [1, UNLIMITED], 'Delete webhooks', async () => {
    const [{ deleteOf }, { WEBHOOK }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../webhook-kind.ts'),
    ]);
    return { run: deleteOf(WEBHOOK) };
  }),
];
