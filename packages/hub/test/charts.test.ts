import { chartsSuite } from './charts-suite.ts';

chartsSuite();
