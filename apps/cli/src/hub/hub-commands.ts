import type { Command } from '../command.ts';
import { CARE_COMMANDS } from './tables/care-commands.ts';
import { CONTENT_COMMANDS } from './tables/content-commands.ts';
import { IMAGE_COMMANDS } from './tables/image-commands.ts';
import { PROJECT_COMMANDS } from './tables/project-commands.ts';
import { ROBOT_COMMANDS } from './tables/robot-commands.ts';
import { WEBHOOK_COMMANDS } from './tables/webhook-commands.ts';

/** What commands of three words are about, for the overview. */
export const HUB_FAMILIES: Readonly<Record<string, string>> = {
  'hub project': 'Projects: who may pull and push, how much, and what is kept',
  'hub repo': 'Repositories: what there is, and what it takes',
  'hub tag': 'Tags: what there is, when it was pushed and pulled',
  'hub robot': 'Logins for programs',
  'hub webhook': 'Who is told of pushes, pulls and deletions',
};

/** Commands about the registry; what they do with objects kubectl can do as well. */
export const HUB_COMMANDS: readonly Command[] = [
  ...IMAGE_COMMANDS,
  ...CARE_COMMANDS,
  ...PROJECT_COMMANDS,
  ...CONTENT_COMMANDS,
  ...ROBOT_COMMANDS,
  ...WEBHOOK_COMMANDS,
];
