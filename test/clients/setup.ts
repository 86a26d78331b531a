import { afterAll, beforeAll, expect } from 'vitest';
import { type Plane, type PlaneOptions, startPlane } from '../support/plane.ts';
import { eventually } from './eventually.ts';
import { Kubectl, kubectls } from './kubectl.ts';

/** A control plane with our controllers and a kubectl on it, from before the first test to after the last. */
export interface Setup {
  readonly plane: Plane;
  readonly kubectl: Kubectl;
}

/**
 * Registers the hooks of a test file. After its tests the server must have logged no error: an answer that looks
 * right can hide one. `program` defaults to the machine's kubectl.
 */
export function useKubectl(program?: string, options: PlaneOptions = {}): Setup {
  const setup = {} as { plane: Plane; kubectl: Kubectl };
  beforeAll(async () => {
    setup.plane = await startPlane({ controllers: true, ...options });
    const first = kubectls()[0];
    const chosen = program ?? first?.program;
    if (chosen === undefined) throw new Error('there is no kubectl on this machine');
    setup.kubectl = new Kubectl(chosen, setup.plane.kubeconfig);
    if (options.controllers === false) return;
    await eventually('the default ServiceAccount', () => hasAccount(setup.plane));
  });
  afterAll(async () => {
    setup.kubectl?.close();
    await setup.plane?.close();
    expect(setup.plane?.errors ?? []).toEqual([]);
  });
  return setup;
}

const hasAccount = (plane: Plane): boolean =>
  plane.control.reader.get('serviceaccounts', 'default', 'default') !== undefined;
