/** All scenarios, by the server that is their oracle. */
import { APIEXTENSIONS } from './apiextensions/index.ts';
import { CORE } from './core/index.ts';
import type { CorpusName } from './corpus-name.ts';
import type { Scenario } from './step.ts';

export const CORPORA: Readonly<Record<CorpusName, readonly Scenario[]>> = {
  core: CORE,
  apiextensions: APIEXTENSIONS,
};
