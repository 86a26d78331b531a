import type { ResourceDefinition } from '@sampan/api';
import type { AdmissionPlugin, AdmissionRequest, Reservation } from './contract.ts';

/** Settles several reservations as one. */
export class Reservations {
  readonly #held: Reservation[] = [];

  add(reservation: Reservation | undefined): void {
    if (reservation) this.#held.push(reservation);
  }

  commit(): void {
    for (const reservation of this.#held.splice(0)) reservation.commit();
  }

  release(): void {
    if (this.#held.length === 0) return;
    for (const reservation of this.#held.splice(0).reverse()) reservation.release();
  }
}

/** The plug-ins that have something to do with one sort of request, in order. */
interface Plan {
  readonly admit: readonly AdmissionPlugin[];
  readonly allocate: readonly AdmissionPlugin[];
  readonly validate: readonly AdmissionPlugin[];
}

/** Runs the plug-ins of the table in its order, see `AdmissionPlugin`. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  /** By definition, then `OPERATION SUBRESOURCE`: most requests concern few plug-ins. */
  readonly #plans = new WeakMap<ResourceDefinition, Map<string, Plan>>();

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** Changes the object; undefined when nothing has to be waited for. */
  admit(request: AdmissionRequest): Promise<void> | undefined {
    const { admit } = this.#planFor(request);
    const pending = runAdmit(admit, request, 0);
    // what makes a second round needed has been waited for
    return pending?.then(() =>
      admit.some((plugin) => plugin.again?.(request)) ? runAdmit(admit, request, 0) : undefined,
    );
  }

  /**
   * Sets what the server hands out; undefined when nothing has to be waited for. What one plug-in took is released by
   * the caller when a later one refuses.
   */
  allocate(request: AdmissionRequest, reservations: Reservations): Promise<void> | undefined {
    return reserve(this.#planFor(request).allocate, 'allocate', request, reservations, 0);
  }

  /** Refuses and reserves; the caller releases what was reserved when a later plug-in refuses. */
  validate(request: AdmissionRequest, reservations: Reservations): Promise<void> | undefined {
    return reserve(this.#planFor(request).validate, 'validate', request, reservations, 0);
  }

  #planFor(request: AdmissionRequest): Plan {
    const { definition, operation, subresource } = request;
    let plans = this.#plans.get(definition);
    if (!plans) {
      plans = new Map();
      this.#plans.set(definition, plans);
    }
    const key = `${operation} ${subresource}`;
    let plan = plans.get(key);
    if (!plan) {
      const concerned = this.#plugins.filter((plugin) => plugin.handles(request));
      plan = {
        admit: concerned.filter((plugin) => plugin.admit),
        allocate: concerned.filter((plugin) => plugin.allocate),
        validate: concerned.filter((plugin) => plugin.validate),
      };
      plans.set(key, plan);
    }
    return plan;
  }
}

/** Runs plug-ins from `start` on; waits only for those that have to be waited for. */
function runAdmit(
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  start: number,
): Promise<void> | undefined {
  for (let at = start; at < plugins.length; at++) {
    const pending = plugins[at]?.admit?.(request);
    if (pending) return pending.then(() => runAdmit(plugins, request, at + 1));
  }
  return undefined;
}

function reserve(
  plugins: readonly AdmissionPlugin[],
  stage: 'allocate' | 'validate',
  request: AdmissionRequest,
  reservations: Reservations,
  start: number,
): Promise<void> | undefined {
  for (let at = start; at < plugins.length; at++) {
    const result = plugins[at]?.[stage]?.(request);
    if (result instanceof Promise) {
      return result.then((reservation) => {
        reservations.add(reservation);
        return reserve(plugins, stage, request, reservations, at + 1);
      });
    }
    reservations.add(result);
  }
  return undefined;
}
