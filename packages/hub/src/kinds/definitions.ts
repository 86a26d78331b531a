import type { KubeObject } from '@sampan/api';
import { projectDefinition } from './project-definition.ts';
import { robotDefinition } from './robot-definition.ts';
import { webhookDefinition } from './webhook-definition.ts';

/** What the cluster that a Hub lives on must have. */
export const HUB_DEFINITIONS: readonly KubeObject[] = [projectDefinition, robotDefinition, webhookDefinition];
