import type { ControlPlane } from '@sampan/apiserver';
import type { Gate } from './gate.ts';
import type { Forwarder } from './processes/forwarder.ts';

/** Where requests go that are not for the host cluster's API. */
export interface OtherWay {
  readonly isFor: (url: string) => boolean;
  readonly forwarder: Forwarder;
}

/** Lets requests in, each to where it is for. */
export function openGate(gate: Gate, { api }: ControlPlane, others: readonly OtherWay[]): void {
  const forwarderFor = (url = '') => others.find(({ isFor }) => isFor(url))?.forwarder;
  gate.open(
    (request, response) =>
      void (forwarderFor(request.url)?.request(request, response) ?? api.handle(request, response)),
    (request, socket, head) =>
      void (
        forwarderFor(request.url)?.upgrade(request, socket, head) ?? api.handleUpgrade(request, socket, head)
      ),
  );
}
