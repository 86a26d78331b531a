import { startPlane } from '../support/plane.ts';
import { differentialSuite } from './suite.ts';

// Without controllers, as the oracles were asked.
differentialSuite(async () => {
  const plane = await startPlane();
  return { ...plane, stop: () => plane.close() };
});
