import { garbageSuite } from './garbage-suite.ts';

garbageSuite();
