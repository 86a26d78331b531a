import type { Command, OptionSpec } from '../../command.ts';
import { CHANGE, DRY_RUN, describes, flag, hub, lists, many, text } from './command-table.ts';

const PROJECT_OPTIONS = {
  public: flag('All may pull, without a login too'),
  description: text('TEXT', 'What it is for'),
  quota: text('SIZE', 'Most that it may hold, as 10Gi; "none": no limit'),
  member: many(
    'NAME=ROLE',
    'Who may do what: ann=developer, group:qa=guest, serviceaccount:NAMESPACE/NAME=guest',
  ),
  immutable: many('[REPOS:]TAGS', 'Tags that stay as they are, as "v*"; may be repeated; "none": no more'),
  'artifact-type': many('GLOB', 'Only artifacts of these media types; may be repeated; "none": all'),
  retain: text('[REPOS:]TAGS', 'Retention is for these tags (default all); "none": no more'),
  'keep-last': text('N', 'Of each repository so many that were pushed last are kept'),
  'keep-pushed': text('TIME', 'What was pushed in so long is kept, as 30d'),
  'keep-pulled': text('TIME', 'What was pulled in so long is kept, as 30d'),
  schedule: text('CRON', 'When the others are deleted: five fields, UTC; "none": only when asked'),
  ...CHANGE,
  ...DRY_RUN,
} as const satisfies Record<string, OptionSpec>;

export const PROJECT_COMMANDS: readonly Command[] = [
  {
    ...hub(
      'project create',
      'NAME',
      [1, 1],
      'Make a project: repositories that belong together',
      () => import('../../commands/hub-project-create.ts'),
    ),
    details: `For example: sampan hub project create shop --member ann=developer --quota 10Gi
Roles: guest pulls, developer pushes too, maintainer and admin delete too.`,
    options: PROJECT_OPTIONS,
  },
  {
    ...hub('project update', 'NAME', [1, 1], 'Change a project; what is not named stays', async () => {
      const [{ updateOf }, { PROJECT }, { projectPatch }] = await Promise.all([
        import('../hub-objects.ts'),
        import('../project-kind.ts'),
        import('../project-spec.ts'),
      ]);
      return { run: updateOf(PROJECT, projectPatch) };
    }),
    details: `For example, the last ten of each repository stay, the others go each night:
sampan hub project update shop --keep-last 10 --schedule "0 3 * * *"
A member with the role "none" is taken out: --member ann=none`,
    options: { private: flag('Only members may pull'), ...PROJECT_OPTIONS },
  },
  lists('project', '', 'List projects', async () => {
    const [{ listOf }, { PROJECT }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../project-kind.ts'),
    ]);
    return { run: listOf(PROJECT) };
  }),
  describes('project', 'NAME', 'Show what a project is', async () => {
    const [{ describeOf }, { PROJECT }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../project-kind.ts'),
    ]);
    return { run: describeOf(PROJECT) };
  }),
  {
    ...hub(
      'project delete',
      'NAME',
      [1, 1],
      'Delete a project',
      () => import('../../commands/hub-project-delete.ts'),
    ),
    options: {
      confirm: text('NAME', 'Yes, of this one'),
      'with-content': flag('And all that is in it'),
      wait: CHANGE.wait,
    },
  },
];
