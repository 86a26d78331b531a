import { describe } from 'vitest';
import { hasUpstream } from '../../tools/upstream/cache.ts';
import { startKubernetes } from '../../tools/upstream/kubernetes.ts';
import { kindsSuite } from './kinds-suite.ts';
import { webhooksSuite } from './webhooks-suite.ts';

describe.runIf(hasUpstream('kubernetes'))(
  'with kube-apiserver 1.20.2 as the cluster that it lives on',
  () => {
    kindsSuite('the Hub’s kinds', () => startKubernetes());
    webhooksSuite('Webhooks', () => startKubernetes());
  },
);
