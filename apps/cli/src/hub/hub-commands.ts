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

/** What a newcomer does not know of it. */
export const HUB_ABOUT = `The Hub is this machine's registry: it keeps images and charts, in projects; "sampan status" says where.

First: sampan hub login
Then: docker push localhost:5000/library/NAME, or: sampan hub push IMAGE.tar library/NAME`;

/** Commands about the registry; what they do with objects kubectl can do as well. */
export const HUB_COMMANDS: readonly Command[] = [
  ...IMAGE_COMMANDS,
  ...CARE_COMMANDS,
  ...PROJECT_COMMANDS,
  ...CONTENT_COMMANDS,
  ...ROBOT_COMMANDS,
  ...WEBHOOK_COMMANDS,
];
