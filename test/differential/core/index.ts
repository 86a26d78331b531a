/** Requests whose oracle is upstream kube-apiserver 1.20.2. */
import type { Scenario } from '../step.ts';
import { CONFIGMAPS } from './configmaps.ts';
import { ERRORS } from './errors.ts';
import { LISTS } from './lists.ts';

export const CORE: readonly Scenario[] = [CONFIGMAPS, ERRORS, LISTS];
