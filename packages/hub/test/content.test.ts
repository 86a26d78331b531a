import { contentSuite } from './content-suite.ts';

contentSuite();
