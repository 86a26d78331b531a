import type { ControlPlane } from '@sampan/apiserver';
import type { Logger } from '@sampan/base';
import type { Pki } from '@sampan/home';

export interface ControllerNeeds {
  readonly pki: Pki;
  readonly log: Logger;
}

/**
 * Starts the built-in controllers on a control plane; the returned function stops them. None exist yet: this is
 * the one place where `@sampan/controllers` is wired in.
 */
export async function startControllersOf(
  _plane: ControlPlane,
  _needs: ControllerNeeds,
): Promise<() => Promise<void>> {
  return async () => {};
}
