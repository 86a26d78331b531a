import type { Caller, Gate, Wanted } from '../api/gate.ts';
import type { HubRequest } from '../api/message.ts';
import type { RequestLimits } from './request-limits.ts';

/** A gate that also asks whether those it admits make too many requests, and so those that it does not. */
export class LimitedGate implements Gate {
  readonly #gate: Gate;
  readonly #limits: RequestLimits;

  constructor(gate: Gate, limits: RequestLimits) {
    this.#gate = gate;
    this.#limits = limits;
  }

  async admit(request: HubRequest, wanted: Wanted): Promise<Caller> {
    const caller = await this.#gate.admit(request, wanted).catch((thrown) => {
      this.#limits.countAnonymous(request.origin);
      throw thrown;
    });
    if (caller.name === '') this.#limits.countAnonymous(request.origin);
    else this.#limits.countAccount(caller.name);
    return caller;
  }
}
