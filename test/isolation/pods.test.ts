import { afterAll, beforeAll, describe } from 'vitest';
import { missingForNode } from '../support/node.ts';
import { podsApiSuite } from './pods-api-suite.ts';
import { podsMachineSuite } from './pods-machine-suite.ts';
import { podsNetworkSuite } from './pods-network-suite.ts';
import { PodsStage } from './pods-stage.ts';

describe.skipIf(missingForNode() !== '')('pods of one cluster', () => {
  let started: PodsStage | undefined;
  beforeAll(async () => {
    started = await PodsStage.start();
  });
  afterAll(() => started?.stop());
  const stage = (): PodsStage => {
    if (!started) throw new Error('the node has not started');
    return started;
  };

  // one node for all: to start it takes longer than most of the tests
  describe('reach those of their own', () => podsNetworkSuite(stage));
  describe('are not led elsewhere by the API', () => podsApiSuite(stage));
  describe('do to the machine what its owner lets them, whatever their namespace does', () =>
    podsMachineSuite(stage));
});
