import { type ControlPlane, type Listener, listen } from '@sampan/apiserver';
import { servingNames } from '@sampan/home';
import { issueCertificate } from '@sampan/machinery';
import type { GuestKeys } from './guest-keys.ts';

/**
 * Serves a cluster's API on loopback by TLS of its own: for its pods, which know only a host and a port, and for the
 * node that runs them. There as soon as it is asked for. Client certificates are those of the connections.
 */
export class InsideListener {
  readonly #keys: GuestKeys;
  readonly #api: ControlPlane['api'];
  readonly #address: string;
  #listening: Promise<Listener> | undefined;

  /** `address`: of the Service behind which pods find it. */
  constructor(keys: GuestKeys, api: ControlPlane['api'], address: string) {
    this.#address = address;
    this.#keys = keys;
    this.#api = api;
  }

  /** The port on 127.0.0.1. */
  async port(): Promise<number> {
    this.#listening ??= this.#listen();
    return (await this.#listening).port;
  }

  async close(): Promise<void> {
    const listener = await this.#listening?.catch(() => undefined);
    await listener?.close();
  }

  #listen(): Promise<Listener> {
    const { serving, trusted } = this.#keys;
    const { certificatePem, privateKeyPem = '' } = issueCertificate(serving, {
      subject: { commonName: 'kube-apiserver', organizations: [] },
      usages: ['digital signature', 'key encipherment', 'server auth'],
      ...servingNames([this.#address]),
    });
    return listen({
      port: 0,
      certificate: certificatePem,
      key: privateKeyPem,
      clientCa: trusted,
      handle: (request, response) => void this.#api.handle(request, response),
      upgrade: (request, socket, head) => void this.#api.handleUpgrade(request, socket, head),
    });
  }
}
