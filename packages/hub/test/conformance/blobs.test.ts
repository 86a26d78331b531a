import { blobsSuite } from './blobs-suite.ts';

blobsSuite();
