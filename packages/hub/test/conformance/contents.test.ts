import { contentsSuite } from './contents-suite.ts';

contentsSuite();
