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
    for (const reservation of this.#held.splice(0).reverse()) reservation.release();
  }
}

/** Runs the plug-ins of the table in its order, see `AdmissionPlugin`. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async admit(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.admit && plugin.handles(request)) {
        const pending = plugin.admit(request);
        if (pending) await pending;
      }
    }
  }

  /** Refuses, allocates and reserves; what is reserved when a later plug-in refuses is released. */
  async validate(request: AdmissionRequest, reservations: Reservations): Promise<void> {
    try {
      for (const plugin of this.#plugins) {
        if (plugin.validate && plugin.handles(request)) reservations.add(await plugin.validate(request));
      }
      for (const plugin of this.#plugins) {
        if (plugin.allocate && plugin.handles(request)) reservations.add(await plugin.allocate(request));
      }
    } catch (error) {
      reservations.release();
      throw error;
    }
  }
}
