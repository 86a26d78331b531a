/** Requests whose oracle is apiextensions-apiserver 1.36: custom resources as they are today. */
import type { Scenario } from '../step.ts';
import * as definitions from './definitions.ts';

/** Modules of many scenarios: all that they export. */
const FAMILIES = [definitions];

export const APIEXTENSIONS: readonly Scenario[] = FAMILIES.flatMap((family): Scenario[] => Object.values(family));
