/** Requests whose oracle is apiextensions-apiserver 1.36: custom resources as they are today. */
import type { Scenario } from '../step.ts';
import * as apply from './apply.ts';
import * as builtIn from './built-in.ts';
import * as definitions from './definitions.ts';
import * as lists from './lists.ts';
import * as objects from './objects.ts';
import * as ratcheting from './ratcheting.ts';
import * as selectable from './selectable.ts';

/** Modules of many scenarios: all that they export. */
const FAMILIES = [definitions, objects, apply, lists, ratcheting, selectable, builtIn];

export const APIEXTENSIONS: readonly Scenario[] = FAMILIES.flatMap((family): Scenario[] =>
  Object.values(family),
);
