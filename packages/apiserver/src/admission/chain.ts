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
    return admit.length === 0 ? undefined : runAdmit(admit, request);
  }

  /** Sets what the server hands out; what one took is released by the caller when a later one refuses. */
  allocate(request: AdmissionRequest, reservations: Reservations): Promise<void> | undefined {
    const { allocate } = this.#planFor(request);
    return allocate.length === 0 ? undefined : runAllocate(allocate, request, reservations);
  }

  /** Refuses and reserves; what is reserved when a later plug-in refuses is released. */
  async validate(request: AdmissionRequest, reservations: Reservations): Promise<void> {
    try {
      for (const plugin of this.#planFor(request).validate) {
        const result = plugin.validate?.(request);
        reservations.add(result instanceof Promise ? await result : result);
      }
    } catch (error) {
      reservations.release();
      throw error;
    }
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

async function runAdmit(plugins: readonly AdmissionPlugin[], request: AdmissionRequest): Promise<void> {
  for (const plugin of plugins) {
    const pending = plugin.admit?.(request);
    if (pending) await pending;
  }
}

async function runAllocate(
  plugins: readonly AdmissionPlugin[],
  request: AdmissionRequest,
  reservations: Reservations,
): Promise<void> {
  for (const plugin of plugins) reservations.add(await plugin.allocate?.(request));
}
