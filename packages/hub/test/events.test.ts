import { eventsSuite } from './events-suite.ts';

eventsSuite();
