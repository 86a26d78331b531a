import type { Command } from '../../command.ts';
import { describes, hub, INSECURE, LIST, lists, SHOW, text, UNLIMITED } from './command-table.ts';

/** What the registry holds. */
export const CONTENT_COMMANDS: readonly Command[] = [
  lists('repo', '[PROJECT]', 'List repositories', async () => {
    const [{ listOf }, { REPOSITORY }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../content-kinds.ts'),
    ]);
    return { run: listOf(REPOSITORY) };
  }),
  describes('repo', 'NAME', 'Show what a repository holds', async () => {
    const [{ describeOf }, { REPOSITORY }] = await Promise.all([
      import('../hub-objects.ts'),
      import('../content-kinds.ts'),
    ]);
    return { run: describeOf(REPOSITORY) };
  }),
  {
    ...hub(
      'repo delete',
      'NAME',
      [1, 1],
      'Delete a repository with all that is in it',
      () => import('../../commands/hub-repo-delete.ts'),
    ),
    options: { confirm: text('NAME', 'Yes, of this one') },
  },
  {
    ...lists(
      'tag',
      '[REPOSITORY]',
      'List tags; of other registries too',
      () => import('../../commands/hub-tag-list.ts'),
    ),
    options: { ...INSECURE, ...LIST },
  },
  {
    ...describes(
      'tag',
      'NAME:TAG',
      'Show what a tag names; of other registries too',
      () => import('../../commands/hub-tag-describe.ts'),
    ),
    details: 'What the image says of itself is read from it, which counts as a pull; not with --output.',
    options: { ...INSECURE, ...SHOW },
  },
  {
    ...hub(
      'tag delete',
      'NAME:TAG…',
      [1, UNLIMITED],
      'Delete tags; what they name stays under its digest',
      () => import('../../commands/hub-tag-delete.ts'),
    ),
    details: 'A further tag for an image is a copy: sampan hub copy shop/app:1 shop/app:stable',
    options: { ...INSECURE },
  },
];
